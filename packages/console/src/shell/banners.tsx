import { useQuery } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { useAct } from '../api/act.ts'
import { currentConnection, watchConnection } from '../api/live.ts'
import { asked } from '../api/queries.ts'
import { ActButton } from '../parts/button.tsx'
import { useNow } from '../parts/time.tsx'
import { Problem } from '../parts/view.tsx'
import { useWords } from '../words/index.ts'
import { relativeTime } from '../words/times.ts'
import css from './shell.module.css'

/** What makes all screens something else than they seem: said on each of them, and nothing when all is well. */
export function Banners() {
  const words = useWords()
  const { data: status } = useQuery(asked('GET /status', { most: 20 }))
  return (
    <div className={css.banners} aria-live="polite">
      <Offline />
      {status?.paused == null ? null : <Paused {...status.paused} />}
      {status === undefined || status.workers.length > 0 ? null : (
        <div className={css.banner}>
          <span aria-hidden="true">⚠</span> {words.noWorkers} <code>{words.noWorkersNext}</code>
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
      <span aria-hidden="true">⚠</span> {words.offline(relativeTime(new Date(connection.since), now))}
    </div>
  )
}

function Paused({ by, reason }: { by: string; reason: string }) {
  const words = useWords()
  const resume = useAct('DELETE /pause')
  return (
    <>
      <div className={css.banner}>
        <span aria-hidden="true">⏸</span> {words.paused(by, reason)}
        <ActButton needs="pause" onPress={() => resume.mutate({})}>
          {words.resume}
        </ActButton>
      </div>
      {resume.error === null ? null : <Problem error={resume.error} />}
    </>
  )
}
