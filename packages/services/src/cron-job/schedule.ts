import { z } from 'zod'

interface Field {
  name: string
  from: number
  to: number
  /** Words for its numbers, the first one for `from`. */
  words?: readonly string[]
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const fields = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of the month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, words: months },
  { name: 'day of the week', from: 0, to: 7, words: weekdays },
] as const satisfies readonly Field[]

/** The most days that each month has. */
const daysOf = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * When a job runs, as crontab(5) says it: five fields, or a word such as `@daily`. A file in which cron cannot read one line
 * is not read at all, and other things cron takes for something else; so only what it can mean is accepted.
 */
export const cronSchedule = z.string().superRefine((text, context) => {
  const problem = problemOf(text)
  if (problem !== null) context.addIssue({ code: 'custom', message: problem })
})

function problemOf(text: string): string | null {
  if (/^@(reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)$/.test(text)) return null
  const parts = text.split(' ')
  if (parts.length !== fields.length) return 'use five fields as in "*/5 * * * *", or a word such as @daily'
  const wrong = fields.find((field, index) => valuesOf(field, parts[index] ?? '') === null)
  if (wrong !== undefined) return problemWith(wrong)
  return canRun(parts) ? null : 'there is no such day in any of these months, it would never run'
}

function problemWith({ name, from, to, words }: Field): string {
  const names = words === undefined ? '' : ` or ${words.slice(0, 2).join(', ')} ...`
  return `the ${name}: use * or ${from} to ${to}${names}, lists and rising ranges of them, and /steps of * and of ranges`
}

/** The numbers that a field stands for; null where cron would refuse it, or read something else. */
function valuesOf(field: Field, text: string): Set<number> | null {
  const values = new Set<number>()
  for (const item of text.split(',')) {
    const range = rangeOf(field, item)
    if (range === null) return null
    for (let value = range.low; value <= range.high; value += range.step) values.add(value)
  }
  return values
}

function rangeOf(field: Field, item: string) {
  const [, low = '', , high, step] = /^(\*|\w+)(-(\w+))?(?:\/(\d{1,2}))?$/.exec(item) ?? []
  const [from, to] =
    low === '*' ? [field.from, field.to] : [numberOf(field, low), numberOf(field, high ?? low)]
  const isWhole = low === '*' && high === undefined
  if (from === null || to === null || from > to || (low === '*' && !isWhole)) return null
  if (step === undefined) return { low: from, high: to, step: 1 }
  // cron takes a step of one number for a mistake, and a step that leads out of the field for "once".
  const isStep = (isWhole || high !== undefined) && Number(step) >= 1 && Number(step) <= field.to
  return isStep ? { low: from, high: to, step: Number(step) } : null
}

function numberOf({ from, to, words = [] }: Field, text: string): number | null {
  const word = words.indexOf(text.toLowerCase())
  const value = word >= 0 ? from + word : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  return value >= from && value <= to ? value : null
}

/** Where both days are limited, either is enough; a day of the week that begins with * limits nothing by itself. */
function canRun([, , day = '', month = '', weekday = '']: readonly string[]): boolean {
  if (!weekday.startsWith('*')) return true
  const days = valuesOf(fields[2], day) ?? []
  const first = Math.min(...days)
  return [...(valuesOf(fields[3], month) ?? [])].some((number) => first <= (daysOf[number - 1] ?? 0))
}
