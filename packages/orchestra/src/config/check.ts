import { OrchestraError } from '../errors.ts'
import type { CopyLimits } from '../script/transfer.ts'

const nameForm = /^[a-z][a-z0-9-]*$/

export function checkName(what: string, name: unknown): void {
  if (typeof name === 'string' && nameForm.test(name)) return
  const hint = 'A name starts with a small letter and goes on with small letters, digits and hyphens'
  throw invalid(`${what} name ${JSON.stringify(name) ?? String(name)} is not a name`, hint)
}

export function checkUnique(what: string, named: readonly { name: string }[]): void {
  const seen = new Set<string>()
  for (const { name } of named) {
    if (seen.has(name)) throw invalid(`two ${what}s are called \`${name}\``, `Rename one of them`)
    seen.add(name)
  }
}

export function checkCopy<Limits extends Partial<CopyLimits>>(
  where: string,
  limits: Limits,
): Readonly<Limits> {
  for (const [name, value] of Object.entries(limits)) checkPositive(`${where}.${name}`, value)
  return Object.freeze({ ...limits })
}

export function checkPositive(where: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw invalid(`\`${where}\` is ${String(value)}`, 'It must be a number above 0')
}

export function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `\`${name}\``).join(', ')
}

export function invalid(what: string, hint?: string): OrchestraError {
  return new OrchestraError(
    'ORC_CONFIG_INVALID',
    `Configuration: ${what}`,
    hint === undefined ? {} : { hint },
  )
}
