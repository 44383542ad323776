import type { CopyLimits } from '../script/transfer.ts'

/** Which limit a copy went over. `said`: what a side told people, who read none of so much. */
export type Limit = 'bytes' | 'free' | 'total' | 'said'

/** Bytes that one script of a transfer may print beside the data. */
export const MOST_SAID = 16 * 2 ** 20

/** What went over it, and how to allow more. */
export function limitText(what: string, limit: Limit, limits: CopyLimits): string {
  return `ORC_COPY_LIMIT: ${what} ${overText(limit, limits)}`
}

function overText(limit: Limit, { bytes, free, total }: CopyLimits): string {
  const again = 'then `orchestra retry`'
  switch (limit) {
    case 'bytes':
      return `brought more than ${sizeText(bytes)} and was ended; \`transfer.limits.bytes\` of the backend, or \`worker.copy.bytes\`, allows more, ${again}`
    case 'free':
      return (
        `was ended because the new server has too little room; make room there, or let less than ${sizeText(free)} stay free with ` +
        `\`transfer.limits.free\` of the backend or \`worker.copy.free\`, ${again}`
      )
    case 'total':
      return `took longer than ${timeText(total)} and was ended; \`transfer.limits.total\` of the backend, or \`worker.copy.total\`, allows more, ${again}`
    case 'said':
      return `printed more than ${sizeText(MOST_SAID)} beside the data and was ended; let its commands print less, ${again}`
  }
}

function sizeText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(bytes) / 10)))
  return `${Number((bytes / 2 ** (10 * step)).toFixed(1))} ${units[step]}`
}

function timeText(milliseconds: number): string {
  return milliseconds >= 3_600_000
    ? `${Number((milliseconds / 3_600_000).toFixed(1))} h`
    : `${Number((milliseconds / 1000).toFixed(1))} s`
}
