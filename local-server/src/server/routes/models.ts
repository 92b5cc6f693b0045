import { z } from "zod";
import { CALLS, importSchema, modelsSchema } from "../../../protocol/index.ts";
import { listSounds, readModels } from "../models.ts";
import { route } from "../route.ts";

export const MODEL_ROUTES = [
  route({
    method: "get",
    path: "/v1/models",
    name: "listModels",
    says: "What is installed, and what keeps it from working; the import under way or the last one; the licence of published weights.",
    answers: { 200: { says: "Models.", schema: modelsSchema } },
    refusals: [],
    async handle({ response, context: { imports } }) {
      response.json(await readModels(imports.current));
    },
  }),
  route({
    method: "post",
    path: "/v1/models/import",
    name: "importModel",
    says: "Makes a model out of published weights in a folder on the server's machine, once their licence is agreed to. `GET /v1/models` says how far it is.",
    body: CALLS["models.import"].params.strict(),
    answers: {
      202: { says: "The import, begun.", schema: importSchema, headers: { Location: "Where to follow it." } },
    },
    refusals: ["licence", "import_running", "not_found", "outside_roots", "stopping"],
    async handle({ response, context: { imports }, body }) {
      response
        .status(202)
        .location("/v1/models")
        .json(await imports.start(body));
    },
  }),
  route({
    method: "post",
    path: "/v1/models/import/cancel",
    name: "cancelImport",
    says: "Ends the import, with all that it had made. Where none runs it does nothing.",
    body: z.object({}).strict(),
    answers: { 200: { says: "What is there now.", schema: modelsSchema } },
    refusals: [],
    async handle({ response, context: { imports } }) {
      await imports.cancel();
      response.json(await readModels(imports.current));
    },
  }),
  route({
    method: "delete",
    path: "/v1/models/{id}",
    name: "removeModel",
    says: "Removes an imported model with its files.",
    answers: { 204: { says: "It is gone." } },
    refusals: ["unknown_model", "in_use"],
    async handle({ response, context: { imports }, id }) {
      await imports.remove(id);
      response.status(204).end();
    },
  }),
  route({
    method: "get",
    path: "/v1/models/{id}/sounds",
    name: "listSounds",
    says: "Every recording of a model's bank, to choose the sound of an event from.",
    answers: { 200: { says: "Sounds.", schema: CALLS["models.sounds"].result } },
    refusals: ["unknown_model", "broken_bundle"],
    async handle({ response, id }) {
      response.json({ sounds: await listSounds(id) });
    },
  }),
];
