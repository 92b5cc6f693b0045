import type { SelfTestAnswer, SelfTestArgument, SelfTestData } from "../contract.ts";
import { stringify } from "../es3/json.ts";
import { map } from "../es3/lists.ts";
import { checkWav, ensureBin, findImported } from "../premiere/bins.ts";
import type { Project, ProjectItem } from "../premiere/dom.ts";
import { engine, fileAt, premiere } from "../premiere/globals.ts";
import { PROBES } from "../premiere/probes.ts";
import { isRefusal, refusal } from "../premiere/refusal.ts";
import { activeSequence } from "../premiere/sequence.ts";
import { BUILD } from "./hello.ts";

const CONSENT = "this is a scratch project";

/** Asks this Premiere what no document says, and writes what it answered. Changes the sequence in front: for scratch projects. */
export function selfTest({ consent, reportPath, wavPaths, presets }: SelfTestArgument): SelfTestData {
  if (consent !== CONSENT) {
    throw refusal(
      "BAD_ARGUMENT",
      `The self-test adds tracks and clips. Open a scratch project and consent with “${CONSENT}”.`,
    );
  }
  const { project, sequence } = activeSequence();
  const first = importedItem(project, wavPaths[0]);
  const second = importedItem(project, wavPaths[1]);
  const answers = map(PROBES, ({ asked, probe }): SelfTestAnswer => {
    try {
      return { asked, outcome: "answered", answer: probe({ sequence, first, second, presets }) };
    } catch (thrown) {
      const words = isRefusal(thrown) ? thrown.failure.message : (thrown as { message?: string }).message;
      return { asked, outcome: "failed", answer: { error: String(words) } };
    }
  });
  const { version } = premiere();
  const report = fileAt(reportPath);
  report.encoding = "UTF-8";
  if (!report.open("w")) {
    throw refusal("BAD_ARGUMENT", "The report cannot be written there.", { reportPath: report.fsName });
  }
  report.write(stringify({ premiere: version, engine: engine().version, build: BUILD, answers }));
  report.close();
  return { reportPath: report.fsName, answers };
}

function importedItem(project: Project, path: string): ProjectItem {
  checkWav(path);
  if (findImported(project, path) === undefined) {
    project.importFiles([fileAt(path).fsName], true, ensureBin(project), false);
  }
  const item = findImported(project, path);
  if (item !== undefined) return item;
  throw refusal("IMPORT_FAILED", "The test sound is not in the bin yet. Run the self-test again.", { path });
}
