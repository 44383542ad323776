import { isUtf8 } from 'node:buffer'
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import type { IgnoreRules } from '../config/backend.ts'
import type { ExpectedFile } from './expect.ts'
import type { Difference } from './judge.ts'

/** Bytes of a file that are fetched to be shown. */
export const MOST_CONTENT = 256 * 1024
const LONGEST_DIFF = 64 * 1024
/** Milliseconds; nothing else happens meanwhile. */
const PATIENCE = 200

/** Whether the content of a file may be fetched, to be shown or to be compared line by line. */
export function mayFetch(file: ExpectedFile): boolean {
  return file.content !== null && file.content.secrets.length === 0
}

/** What is to be said of a file whose content differs; nothing where only ignored lines do. Pure. */
export function describeContent(
  file: ExpectedFile,
  found: Buffer | undefined,
  ignore: IgnoreRules = {},
): Difference[] {
  const difference = { title: file.path, kind: 'content' as const }
  if (file.content === null) return [{ ...difference, reason: 'differs; it is too large to be shown' }]
  if (file.content.secrets.length > 0)
    return [{ ...difference, reason: 'differs; it holds secrets and is not shown' }]
  if (found === undefined) return [{ ...difference, reason: 'differs; too much differs to be shown' }]
  if (found.length > MOST_CONTENT) return [{ ...difference, reason: 'differs; it is too large to be shown' }]
  if (!isUtf8(found) || found.includes(0)) return [{ ...difference, reason: 'differs; it is no text' }]
  const is = without(found.toString(), ignore.lines)
  const should = without(file.content.reveal(), ignore.lines)
  return is === should ? [] : [{ ...difference, ...diffOf(file.path, is, should) }]
}

function diffOf(path: string, is: string, should: string): Pick<Difference, 'diff' | 'reason'> {
  const options = { context: 3, timeout: PATIENCE, headerOptions: FILE_HEADERS_ONLY }
  const diff = createTwoFilesPatch(path, path, is, should, 'on the server', 'as it should be', options)
  if (diff === undefined) return { reason: 'differs in too many lines to be shown' }
  return { diff: diff.length > LONGEST_DIFF ? `${diff.slice(0, LONGEST_DIFF)}\n...\n` : diff }
}

function without(text: string, rules: readonly RegExp[] = []): string {
  if (rules.length === 0) return text
  const lines = text.split(/(?<=\n)/)
  return lines.filter((line) => !rules.some((rule) => line.replace(/\n$/, '').search(rule) !== -1)).join('')
}
