import type { Route } from "../route.ts";
import { ABOUT_ROUTES } from "./about.ts";
import { JOB_ROUTES } from "./jobs.ts";
import { MEDIA_ROUTES } from "./media.ts";
import { TAKE_ROUTES } from "./takes.ts";

export { PASS_ROUTE } from "./media.ts";

/** Everything that needs a key. */
export const ROUTES: readonly Route[] = [...JOB_ROUTES, ...TAKE_ROUTES, ...MEDIA_ROUTES, ...ABOUT_ROUTES];
