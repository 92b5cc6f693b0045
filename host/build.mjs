// `npm run build:host`: the script for Premiere's engine as one ES3 file, host/dist/foley.jsx, and its stamp beside it.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformAsync, types } from "@babel/core";
import arrowFunctions from "@babel/plugin-transform-arrow-functions";
import blockScoping from "@babel/plugin-transform-block-scoping";
import destructuring from "@babel/plugin-transform-destructuring";
import memberExpressionLiterals from "@babel/plugin-transform-member-expression-literals";
import parameters from "@babel/plugin-transform-parameters";
import propertyLiterals from "@babel/plugin-transform-property-literals";
import reservedWords from "@babel/plugin-transform-reserved-words";
import shorthandProperties from "@babel/plugin-transform-shorthand-properties";
import templateLiterals from "@babel/plugin-transform-template-literals";
import { rolldown } from "rolldown";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "src");

/** From ES2015 to ES3. What else the sources use is taken out by rolldown; library methods are not made up for at all. */
const TO_ES3 = [
  blockScoping,
  arrowFunctions,
  templateLiterals,
  shorthandProperties,
  parameters,
  destructuring,
  memberExpressionLiterals,
  propertyLiterals,
  reservedWords,
];

/** Expressions that are read wrongly when they stand bare inside another one. */
const WRAPPED = ["LogicalExpression", "ConditionalExpression", "AssignmentExpression", "SequenceExpression"];
const PARTS = {
  LogicalExpression: ["left", "right"],
  BinaryExpression: ["left", "right"],
  ConditionalExpression: ["test", "consequent", "alternate"],
};

/**
 * Parentheses where Premiere's engine needs them: to it `||` and `&&` bind equally strong (underscore #2949), and a choice inside a
 * choice is an error or another choice (babel-preset-extendscript).
 */
const parentheses = () => ({
  visitor: {
    Program: {
      exit(program) {
        program.traverse({
          Expression({ node }) {
            for (const part of PARTS[node.type] ?? []) {
              const inside = node[part];
              const isChain =
                inside.type === "LogicalExpression" && inside.operator === node.operator && part === "left";
              if (WRAPPED.includes(inside.type) && !isChain) node[part] = types.parenthesizedExpression(inside);
            }
          },
        });
      },
    },
  },
});

/** Same sources, same stamp: what the panel tells a stale script by. */
function stampOf() {
  const hash = createHash("sha256").update(readFileSync(fileURLToPath(import.meta.url)));
  for (const file of readdirSync(source, { recursive: true, encoding: "utf8" }).sort()) {
    if (file.endsWith(".ts")) hash.update(`${file.replaceAll("\\", "/")}\0`).update(readFileSync(join(source, file)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** The engine reads a file by the system's own letters; all that is beyond ASCII stands in strings. */
const ascii = (code) =>
  code.replace(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** @returns {Promise<{code: string, build: string}>} */
export async function buildHost() {
  const build = stampOf();
  const bundle = await rolldown({
    input: join(source, "main.ts"),
    platform: "neutral",
    transform: { target: "es2015", define: { __BUILD__: JSON.stringify(build) } },
    onLog: (_level, log) => {
      throw new Error(log.message);
    },
  });
  const { output } = await bundle.generate({ format: "iife", minify: false, strict: false, comments: false });
  await bundle.close();
  const { code } = await transformAsync(output[0].code, {
    babelrc: false,
    configFile: false,
    sourceType: "script",
    comments: false,
    assumptions: { ignoreFunctionLength: true, objectRestNoSymbols: true, ignoreToPrimitiveHint: true },
    plugins: [...TO_ES3, parentheses],
  });
  return { code: `// Foley in the editor, host script ${build}\n${ascii(code)}\n`, build };
}

function write(path, text) {
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}

/** Writes the script and its stamp into host/dist. Returns the stamp. */
export async function writeHost() {
  const { code, build } = await buildHost();
  const dist = join(here, "dist");
  mkdirSync(dist, { recursive: true });
  write(join(dist, "foley.jsx"), code);
  write(join(dist, "build.json"), `${JSON.stringify({ build })}\n`);
  return build;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--print")) process.stdout.write(JSON.stringify(await buildHost()));
  else console.log(`host/dist/foley.jsx, build ${await writeHost()}`);
}
