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
