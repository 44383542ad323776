import { useNow } from '../../parts/time.tsx'
import { lengthOfTime } from '../../words/times.ts'

/** How long something took; of what still runs, how long it has been at it. */
export function Took({ startedAt, endedAt }: { startedAt: string | null; endedAt: string | null }) {
  const now = useNow()
  if (startedAt === null) return null
  const end = endedAt === null ? now.getTime() : Date.parse(endedAt)
  return <span>{lengthOfTime(end - Date.parse(startedAt))}</span>
}
