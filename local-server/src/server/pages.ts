import { existsSync } from "node:fs";
import { join } from "node:path";
import express, { type Handler } from "express";
import { UserError } from "../errors.ts";

/**
 * The panel as a page. It may load what comes from here and talk to this server, nothing else; the style of single
 * elements is set by its libraries.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self' SOCKET blob:",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export function panelPages(folder: string): Handler {
  const files = express.static(folder, {
    index: "index.html",
    redirect: false,
    dotfiles: "ignore",
    cacheControl: false,
  });
  return (request, response, next) => {
    if (request.path === "/" && !existsSync(join(folder, "index.html"))) {
      return next(new UserError("not_found", "the panel", "none built", "run `npm run build:panel`"));
    }
    response.set({
      // Older Chromium does not count a socket of the same address as 'self'.
      "content-security-policy": PAGE_POLICY.replace(
        "SOCKET",
        ["ws:", "wss:"].map((scheme) => `${scheme}//${request.headers.host}`).join(" "),
      ),
      "cache-control": "no-cache",
      "cross-origin-opener-policy": "same-origin",
    });
    files(request, response, (error) => {
      response.removeHeader("cache-control");
      response.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
      next(error);
    });
  };
}
