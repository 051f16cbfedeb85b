// Makes the packages for npm: scripts/npm-packages.mjs FOLDER. Each is staged with what its readers get: the built files, its README,
// the licences, and a package.json with neither scripts nor what only this repository needs. Build sdk and components before.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");
const licences = ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT"];
/** What each package gives away, besides README.md and the licences. */
const packages = {
  sdk: (file) => /^dist\/.*\.(js|d\.ts)$/.test(file),
  components: (file) =>
    /^(index\.d\.ts|dist\/(components|components\/assets\/[\w-]+)\.js)$/.test(
      file,
    ),
  react: (file) => /^index\.(js|d\.ts)$/.test(file),
  vue: (file) => /^index\.(js|d\.ts)$/.test(file),
};

const out = resolve(process.argv[2] ?? "packages");
mkdirSync(out, { recursive: true });
for (const [name, gives] of Object.entries(packages)) {
  const stage = mkdtempSync(join(tmpdir(), "encke-npm-"));
  const from = join(web, name);
  const files = readdirSync(from, { recursive: true }).filter(
    (file) => gives(file) || file === "README.md",
  );
  for (const file of files) {
    mkdirSync(dirname(join(stage, file)), { recursive: true });
    // The maps stay here: what they lead to is not in the package.
    const text = readFileSync(join(from, file), "utf8").replace(
      /\n\/\/# sourceMappingURL=\S+\s*$/,
      "\n",
    );
    writeFileSync(join(stage, file), text);
  }
  for (const licence of licences)
    cpSync(join(web, "..", licence), join(stage, licence));
  const about = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
  const { publishConfig, ...kept } = about;
  for (const ours of ["scripts", "devDependencies", "prettier", "private"])
    delete kept[ours];
  const exports = publishConfig?.exports ?? about.exports;
  writeFileSync(
    join(stage, "package.json"),
    `${JSON.stringify({ ...kept, exports, files: [...files, ...licences] }, null, 2)}\n`,
  );
  execFileSync("npm", ["pack", "--silent", "--pack-destination", out], {
    cwd: stage,
    stdio: "inherit",
  });
  rmSync(stage, { recursive: true });
}
