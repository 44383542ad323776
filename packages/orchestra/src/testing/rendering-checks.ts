import { Secret } from '../script/index.ts'
import { variantsOf } from '../secrets/variants.ts'
import { type Check, type Checked, type SealedFixture, seal } from './check.ts'
import { failure } from './failure.ts'
import { compareWithGolden } from './golden.ts'
import { type NamedScript, scriptsOf, shownScript } from './scripts.ts'
import { missingShellcheck, runShellcheck, snippetsOf } from './shellcheck.ts'

const SHORTEST_SECRET = 6

/** What a backend's scripts look like, which needs no host. */
export function renderingChecks(checked: Checked): Check[] {
  const missing = missingShellcheck(checked.shellcheck)
  return [
    ...(checked.golden === undefined ? [] : [goldenCheck(checked, checked.golden)]),
    {
      kind: 'shellcheck',
      name: 'shellcheck finds nothing in its commands',
      ...(missing === undefined ? {} : { skip: missing }),
      run: async () => runShellcheck(snippetsOf(checked.backend, [...scriptsOf(checked).values()].flat())),
    },
    { kind: 'secrets', name: 'its scripts show no secret', run: async () => checkSecrets(checked) },
  ]
}

function goldenCheck(checked: Checked, directory: string): Check {
  return {
    kind: 'golden',
    name: 'its scripts are the golden ones',
    async run() {
      // A golden file is kept for ever: no secret may get into one.
      checkSecrets(checked)
      const scripts = [...scriptsOf(checked).values()].flat()
      compareWithGolden(directory, new Map(scripts.map((script) => [script.name, shownScript(script)])))
    },
  }
}

function checkSecrets(checked: Checked): void {
  const fixtures = checked.fixtures.map((fixture) => seal(checked, fixture))
  const known = fixtures.flatMap(secretsOf)
  for (const script of [...scriptsOf(checked).values()].flat()) {
    const secrets = [...known, ...script.script.secrets.filter((secret) => isLong(secret))]
    const shown = secrets.find((secret) => shows(script, secret))
    if (shown === undefined) continue
    throw failure(
      `${script.name} shows the secret ${shown.name}: it stands in the script as people see it`,
      'Give the `Secret` itself to sh, text or a file, and keep reveal() out of them',
    )
  }
}

function secretsOf({ name, object, changed = {}, renamed = {} }: SealedFixture): Secret[] {
  const values = [object, changed, renamed].flatMap((one) => Object.values(one))
  const secrets = values.filter((value) => value instanceof Secret)
  const short = secrets.find((secret) => !isLong(secret))
  if (short === undefined) return secrets
  const message = `The secret ${short.name} of ${name} is too short to be looked for`
  throw failure(message, `Give it ${SHORTEST_SECRET} characters or more that stand nowhere else`)
}

function isLong(secret: Secret): boolean {
  return secret.reveal().length >= SHORTEST_SECRET
}

function shows({ script }: NamedScript, secret: Secret): boolean {
  return variantsOf(secret.reveal()).some((variant) => script.masked.includes(variant))
}
