import { statSync } from 'node:fs'
import { type Diagnosis, ok, problem } from './check.ts'

const oldest: readonly [number, number] = [22, 18]

export function checkNode(version: string = process.versions.node): Diagnosis {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNewEnough = major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
  if (isNewEnough) return ok('node', `Node ${version}`)
  return problem('node', `Node ${version} is too old`, `Install Node ${oldest.join('.')} or newer`)
}

/** Whether others than its owner may read the key file; undefined when the key does not come from one. */
export function checkKeyFile(path: string): Diagnosis | undefined {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode
  if (mode === undefined) return undefined
  if ((mode & 0o077) === 0) return ok('key file', `${path} is readable for its owner only`)
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  return problem('key file', `${path} has mode ${shown}: others can read the key`, `chmod 600 ${path}`)
}
