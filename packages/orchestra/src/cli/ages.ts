const units = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1_000 },
]

/** How long: `45 ms`, `3.2 s`, `4 min`, `2 d`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`
  const unit = units.find((one) => ms >= one.ms) ?? units[units.length - 1]
  return `${Math.floor(ms / (unit?.ms ?? 1))} ${unit?.name}`
}

/** How long ago a time is. */
export function age(time: string, now = Date.now()): string {
  return duration(now - Date.parse(time))
}

/** How long until a time. */
export function until(time: string, now = Date.now()): string {
  const ms = Date.parse(time) - now
  return ms <= 0 ? 'now' : `in ${duration(ms)}`
}

/** `, ends in 2 h`; nothing of what somebody has to end. */
export function endText({ until: end }: { until: string | null }): string {
  return end === null ? '' : `, ends ${until(end)}`
}

/** How long something took; until now when it has not ended. */
export function took(start: string, end: string | null, now = Date.now()): string {
  return duration((end === null ? now : Date.parse(end)) - Date.parse(start))
}

/** `16:20:01` of this machine's clock. */
export function clock(time: Date): string {
  return time.toTimeString().slice(0, 8)
}
