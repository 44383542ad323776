import { locale } from './index.ts'

/** Times as people write them where the browser is, with the zone: those of servers are elsewhere. */
const whole = new Intl.DateTimeFormat(locale, {
  dateStyle: 'medium',
  timeStyle: 'long',
})
const short = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const withDay = new Intl.DateTimeFormat(locale, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
})
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'always', style: 'narrow' })

export function wholeTime(at: Date): string {
  return whole.format(at)
}

/** The time of day of what was within one, with the day for all else. */
export function shortTime(at: Date, now: Date): string {
  return Math.abs(now.getTime() - at.getTime()) < 43_200_000 ? short.format(at) : withDay.format(at)
}

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

/** How long ago, or in how long. */
export function relativeTime(at: Date, now: Date): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1_000)
  const [unit, length] = units.find(([, size]) => Math.abs(seconds) >= size) ?? units[3]
  return relative.format(Math.trunc(seconds / length), unit)
}

const clock = new Intl.DateTimeFormat(locale, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
})

/** To the millisecond: what came behind what. */
export function clockTime(at: Date): string {
  return clock.format(at)
}

/** What the times of a list are of: `GMT+1`. */
export function zoneName(at: Date): string {
  const named = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(at)
  return named.find(({ type }) => type === 'timeZoneName')?.value ?? ''
}

function measured(value: number, unit: string, digits = 0): string {
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit,
    unitDisplay: 'narrow',
    maximumFractionDigits: digits,
  }).format(value)
}

/** How long something took or takes. */
export function lengthOfTime(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1_000
  if (seconds < 60) return measured(seconds, 'second', seconds < 10 ? 1 : 0)
  const [minutes, rest] = [Math.floor(seconds / 60), Math.floor(seconds % 60)]
  if (minutes < 60) return `${measured(minutes, 'minute')} ${measured(rest, 'second')}`
  return `${measured(Math.floor(minutes / 60), 'hour')} ${measured(minutes % 60, 'minute')}`
}

/** How much something is. */
export function bytesOf(count: number): string {
  if (count < 1_000) return measured(count, 'byte')
  if (count < 1_000_000) return measured(count / 1_000, 'kilobyte', 1)
  return measured(count / 1_000_000, 'megabyte', 1)
}

const plainNumber = new Intl.NumberFormat(locale)

export function countOf(count: number): string {
  return plainNumber.format(count)
}
