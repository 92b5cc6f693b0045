import { useEffect, useRef, useState } from "react";
import { cancel } from "../actions/generate.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { timeLeft } from "../state/progress.ts";
import { activeJobs, type Job } from "../state/state.ts";
import { ActionIcon } from "../ui/ActionIcon.tsx";
import { ProgressBar } from "../ui/ProgressBar.tsx";
import { useStageName } from "../ui/stage-name.ts";

/** What is being made: stage, how far, time left, and a way out. Said aloud at the start, the half and the end. */
export function RunningJob() {
  const app = useApp();
  const jobs = useAppState((state) => state.jobs);
  const active = activeJobs({ ...app.store.get(), jobs });
  const job = active.find(({ state }) => state === "running") ?? active[0];
  return (
    <>
      {job && <Running job={job} waiting={active.length - 1} />}
      <Announcer job={job} />
    </>
  );
}

function Running({ job, waiting }: { readonly job: Job; readonly waiting: number }) {
  const text = useText();
  const stageName = useStageName();
  const line = job.state === "queued" ? text("queued") : stageName(job);
  return (
    <div className="running row" data-testid="running">
      <div className="grow">
        <div className="row number">
          <span className="grow clip-text">
            {line}
            {waiting > 0 ? ` · ${text("waiting", { count: waiting })}` : ""}
          </span>
          <span className="dim">
            {job.secondsLeft === null ? "" : text("left", { time: timeLeft(job.secondsLeft) })}
          </span>
        </div>
        <ProgressBar label={line} fraction={job.fraction} />
      </div>
      <ActionIcon action={cancel} />
    </div>
  );
}

function Announcer({ job }: { readonly job: Job | undefined }) {
  const text = useText();
  const [said, setSaid] = useState("");
  const last = useRef<{ id: string; step: number } | null>(null);
  useEffect(() => {
    if (job === undefined) {
      if (last.current) setSaid(text("saidDone"));
      last.current = null;
      return;
    }
    const step = job.fraction >= 0.5 ? 50 : 0;
    if (last.current?.id === job.id && last.current.step === step) return;
    last.current = { id: job.id, step };
    setSaid(text("saidProgress", { percent: step }));
  }, [job, text]);
  return (
    <div className="unseen" role="status" aria-live="polite">
      {said}
    </div>
  );
}
