import { useQuery } from '@tanstack/react-query'
import { Pause, TriangleAlert } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { useAct } from '../api/act.ts'
import { currentConnection, watchConnection } from '../api/live.ts'
import { asked, untold } from '../api/queries.ts'
import { ActButton } from '../parts/button.tsx'
import { useNow } from '../parts/time.tsx'
import { Problem } from '../parts/view.tsx'
import { useWords } from '../words/index.ts'
import { relativeTime } from '../words/times.ts'
import css from './shell.module.css'

/** What makes all screens something else than they seem: said on each of them, and nothing when all is well. */
export function Banners() {
  const words = useWords()
  const { data: status } = useQuery({ ...asked('GET /status', { most: 20 }), ...untold })
  return (
    <div className={css.banners} aria-live="polite">
      <Offline />
      {status?.paused == null ? null : <Paused {...status.paused} />}
      {status === undefined || status.workers.length > 0 ? null : (
        <div className={css.banner}>
          <TriangleAlert size={16} aria-hidden="true" />
          <span>{words.noWorkers}</span> <code>{words.noWorkersNext}</code>
        </div>
      )}
    </div>
  )
}

function Offline() {
  const words = useWords()
  const connection = useSyncExternalStore(watchConnection, currentConnection)
  const now = useNow()
  if (connection.state !== 'offline') return null
  return (
    <div className={css.banner}>
      <TriangleAlert size={16} aria-hidden="true" />
      <span>{words.offline(relativeTime(new Date(connection.since), now))}</span>
    </div>
  )
}

function Paused({ by, reason }: { by: string; reason: string }) {
  const words = useWords()
  const resume = useAct('DELETE /pause')
  return (
    <>
      <div className={css.banner}>
        <Pause size={16} aria-hidden="true" />
        <span>{words.paused(by, reason)}</span>
        <ActButton needs="pause" onPress={() => resume.mutate({})}>
          {words.resume}
        </ActButton>
      </div>
      {resume.error === null ? null : <Problem error={resume.error} />}
    </>
  )
}
