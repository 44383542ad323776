import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useAct } from '../../api/act.ts'
import { asked } from '../../api/queries.ts'
import { ActButton } from '../../parts/button.tsx'
import { Differences } from '../../parts/differences.tsx'
import { FindingMark } from '../../parts/finding-mark.tsx'
import { Said } from '../../parts/said.tsx'
import { ServerLink } from '../../parts/things.tsx'
import { Time } from '../../parts/time.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import css from './object.module.css'

/** What the last looks found otherwise than it should be, beside what should be. */
export function DiffTab() {
  const words = useWords()
  const { object } = useParams({ from: '/objects/$object/diff' })
  const found = useQuery(asked('GET /objects/{object}/findings', { object, limit: 200 }))
  const repair = useAct('POST /findings/repair')
  return (
    <View of={found}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty text={words.thing.noDiff} />
        ) : (
          <div>
            <div className={css.line}>
              <ActButton
                needs="sync"
                weight="first"
                onPress={() => repair.isPending || repair.mutate({ object })}
              >
                {words.found.repair}
              </ActButton>
              <Said error={repair.error}>
                {repair.data?.unit == null ? null : (
                  <Link to="/units/$unit" params={{ unit: repair.data.unit }}>
                    {words.found.begun(repair.data.saves)}
                  </Link>
                )}
              </Said>
            </div>
            {items.map((one) => (
              <article key={one.id} className={css.finding}>
                <p className={css.line}>
                  <FindingMark state={one.state} /> <ServerLink server={one.server} /> {one.backend}{' '}
                  <span className={css.quiet}>
                    {words.since.toLowerCase()} <Time at={one.since} />
                    {one.stale ? ` · ${words.found.stale}` : null}
                  </span>
                </p>
                <Differences differences={one.differences} />
              </article>
            ))}
          </div>
        )
      }
    </View>
  )
}
