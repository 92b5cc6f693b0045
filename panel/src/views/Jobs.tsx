import { ActionButton } from "@adobe/react-spectrum";
import { attempt } from "../actions/attempt.ts";
import { showTake } from "../actions/clip.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { noticeOfBody } from "../state/notice.ts";
import { timeLeft } from "../state/progress.ts";
import { type Job, takeOf } from "../state/state.ts";
import { useStageName } from "../ui/stage-name.ts";

/** Every request: what runs, what waits, what came of the others. */
export function Jobs() {
  const text = useText();
  const jobs = useAppState((state) => state.jobs);
  const sorted = [...jobs].sort((a, b) => b.createdAt_ms - a.createdAt_ms);
  return (
    <section aria-labelledby="jobs-title">
      <h2 id="jobs-title">{text("jobs")}</h2>
      {sorted.length === 0 ? (
        <div className="empty" style={{ marginTop: 8 }}>
          <strong>{text("noJobs")}</strong>
          {text("noJobsHint")}
        </div>
      ) : (
        <ul className="list">
          {sorted.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
      )}
    </section>
  );
}

function JobRow({ job }: { readonly job: Job }) {
  const app = useApp();
  const text = useText();
  const stageName = useStageName();
  const runs = job.state === "queued" || job.state === "running";
  const { request } = job;
  const name = request.video?.split(/[/\\]/).pop() ?? text("textOnly");
  const open = (): void => {
    const take = takeOf(app.store.get(), job.takeIds[0] ?? null);
    if (take) void showTake(app, take);
  };
  const problem = job.error === null ? null : noticeOfBody(job.error, text);
  return (
    <li className="stack" data-testid="job">
      <div className="row">
        <div className="grow">
          <div className="clip-text">{request.prompt || text("pictureDecides")}</div>
          <div className="dim clip-text">
            {name} · {new Date(job.createdAt_ms).toLocaleTimeString()} ·{" "}
            {request.regenerate ? `${text("partAnew")} · ` : ""}
            {runs && job.state === "running" ? stageName(job) : text(`job.${job.state}`)}
            {job.secondsLeft !== null && runs ? ` · ${text("left", { time: timeLeft(job.secondsLeft) })}` : ""}
          </div>
        </div>
        {runs && (
          <ActionButton onPress={() => void attempt(app, () => app.server.cancel(job.id))}>
            {text("cancel")}
          </ActionButton>
        )}
        {job.state === "done" && (
          <ActionButton isQuiet onPress={open}>
            {text("showTake")}
          </ActionButton>
        )}
        {(job.state === "failed" || job.state === "cancelled") && (
          <ActionButton onPress={() => void attempt(app, async () => void (await app.server.generate(request)))}>
            {text("again")}
          </ActionButton>
        )}
      </div>
      {runs && (
        <div
          className="bar"
          role="progressbar"
          aria-label={text("progress")}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(job.fraction * 100)}
        >
          <i style={{ width: `${100 * job.fraction}%` }} />
        </div>
      )}
      {problem && (
        <div className="notice error">
          <div>
            <p>{problem.text}</p>
            <p className="dim">{problem.detail}</p>
          </div>
        </div>
      )}
    </li>
  );
}
