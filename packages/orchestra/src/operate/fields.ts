import { z } from 'zod'
import { LONGEST_QUERY } from '../query/index.ts'

/** Characters of a name, as DNS has them. */
const LONGEST_NAME = 253
const LONGEST_OBJECT = 4_000
const LONGEST_TEXT = 1_000
const LONGEST_MATCH = 20_000
const LONGEST_PATH = 4_096
/** Names in one list. */
const MOST_NAMES = 1_000
/** Items that one answer may have; the next are asked for by where it ended. */
const MOST_ITEMS = 100_000
const MOST_IN_32_BITS = 2 ** 31 - 1

/** One line that Postgres can store and a terminal can show. */
function line(most: number, least = 1) {
  return z
    .string()
    .min(least)
    .max(most)
    .refine((text) => text.isWellFormed(), 'has half of a UTF-16 character pair')
    .refine((text) => !/\p{Cc}/u.test(text), 'has control characters')
}

/** Of a server, a backend, a model, a tag or a person. */
export const nameField = line(LONGEST_NAME)
/** `site:12`. */
export const objectField = line(LONGEST_OBJECT)
/** Why, for whoever asks. */
export const reasonField = line(LONGEST_TEXT, 0)
/** What is looked for. */
export const textField = line(LONGEST_TEXT)
export const pathField = line(LONGEST_PATH)
/** `server:web1 is:failing -backend:cron "text"`: read by whoever has the filters of the list. */
export const queryField = z.string().max(LONGEST_QUERY)
/** An expression may have lines. */
export const matchField = z
  .string()
  .max(LONGEST_MATCH)
  .refine((text) => text.isWellFormed(), 'has half of a UTF-16 character pair')
  .refine((text) => !/[^\P{Cc}\n\r\t]/u.test(text), 'has control characters')
/** Of a log, a synchronization, an entry of the audit. */
export const idField = z.int().min(1)
/** Of a route: Postgres counts these in 32 bits. */
export const routeField = z.int().min(1).max(MOST_IN_32_BITS)
export const countField = z.int().min(0).max(MOST_IN_32_BITS)
export const portField = z.int().min(0).max(65_535)
export const limitField = z.int().min(1).max(MOST_ITEMS)
export const methodField = z.enum(['ssh', 'openssh', 'local', 'function'])
export const flagField = z.boolean().default(false)
/** ISO 8601, or a date of the language. */
export const momentField = z.union([
  z.date(),
  z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
])

/** One that is not over. */
export const laterField = momentField.refine((at) => at.getTime() > Date.now(), 'is over already')

export const nameList = z.array(nameField).max(MOST_NAMES)
export const objectList = z.array(objectField).max(MOST_ITEMS)

/** What a list, a plan or a synchronization is about. */
export const selectorFields = {
  server: nameField.optional(),
  backend: nameField.optional(),
  object: objectField.optional(),
}

/** What was given, without what is only there to say that it was not. */
export function defined<Given extends object>(
  given: Given,
): { [Name in keyof Given]: Exclude<Given[Name], undefined> } {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [Name in keyof Given]: Exclude<Given[Name], undefined> }
}
