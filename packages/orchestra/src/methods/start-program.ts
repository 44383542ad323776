import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'

/** Variables that open what only Orchestra opens: its key, its passphrases, databases. */
const ownNames = /^(ORCHESTRA_.*|(.*_)?DATABASE_URL|PG[A-Z]+)$/
/** Whatever a variable is called, and whatever else stands in it: with this, Postgres lets in. */
const databaseUrl = /\bpostgres(ql)?:\/\//i

/** What a program that we start gets of an environment. `ssh` and what its configuration starts may need any of the rest. */
export function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const key = environment.ORCHESTRA_KEY || undefined
  const passed = Object.entries(environment).filter(
    ([name, value]) => !ownNames.test(name) && !databaseUrl.test(value ?? '') && (value ?? '') !== key,
  )
  return Object.fromEntries(passed)
}

/** What a script on this machine gets: what any login has, for a script comes from a row. */
export function scriptEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = Object.entries(environment).filter(([name]) => ofAnyLogin.test(name))
  return Object.fromEntries(passed)
}

const ofAnyLogin =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|XDG_RUNTIME_DIR|ORCHESTRA_STATE)$/

/** Starts a program with pipes. All that Orchestra starts is started here, so that none gets its secrets. */
export function startProgram(
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
  group: 'own group' | 'our group' = 'our group',
): ChildProcessWithoutNullStreams {
  const [program = '', ...rest] = words
  return spawn(program, rest, { detached: group === 'own group', env: environment, stdio: 'pipe' })
}

/** Runs a program to its end and answers what it printed. */
export function runProgram(words: readonly string[], input = '') {
  const [program = '', ...rest] = words
  const env = childEnvironment(process.env)
  return spawnSync(program, rest, { input, encoding: 'utf8', env, maxBuffer: mostOutput })
}

/** Bytes of output of a program that is run to its end. */
const mostOutput = 64 * 1024 * 1024
