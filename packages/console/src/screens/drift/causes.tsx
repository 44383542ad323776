import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { Differences } from '../../parts/differences.tsx'
import { FilterField } from '../../parts/filter-field.tsx'
import { FindingMark } from '../../parts/finding-mark.tsx'
import { TableFoot } from '../../parts/table.tsx'
import { ObjectLink, ServerLink } from '../../parts/things.tsx'
import { Time } from '../../parts/time.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import css from './drift.module.css'
import { RepairButton } from './repair-button.tsx'

type Cause = AnswerOf<'GET /findings/causes'>['items'][number]

/** What differs in the same way: likely one hand made it so, and one decision puts it right. */
export function Causes() {
  const words = useWords()
  const search = useSearch({ from: '/changes/drift/' })
  const navigate = useNavigate({ from: '/changes/drift/' })
  const causes = useQuery(asked('GET /findings/causes', { limit: 20, ...search }))
  return (
    <>
      <FilterField
        query={search.q ?? ''}
        error={causes.error}
        onQuery={(q) => void navigate({ search: { q: q || undefined } })}
      />
      <View of={causes}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty
              text={search.q === undefined ? words.found.none : words.nothingFits}
              command="orchestra sync --check"
            />
          ) : (
            <div>
              <ul className={css.causes}>
                {page.items.map((cause) => (
                  <CauseItem key={cause.cause} cause={cause} q={search.q} />
                ))}
              </ul>
              <p className={css.quiet}>{words.found.ignore}</p>
              <TableFoot
                page={{
                  ...page,
                  count: page.count ?? page.items.length,
                  countIsExact: page.countIsExact ?? page.next === null,
                }}
                cursor={search.cursor}
                onTurn={(cursor) => void navigate({ search: { ...search, cursor } })}
              />
            </div>
          )
        }
      </View>
    </>
  )
}

function CauseItem({ cause, q }: { cause: Cause; q: string | undefined }) {
  const words = useWords()
  const { state, backend, count, objects, servers, serverCount, since, differences } = cause
  return (
    <li className={css.cause}>
      <div className={css.line}>
        <FindingMark state={state} /> <strong>{words.objectsAffected(count)}</strong>
        <span>{backend}</span>
        <span>
          {servers.slice(0, 5).map((server, at) => (
            <span key={server}>
              {at > 0 ? ', ' : null}
              <ServerLink server={server} />
            </span>
          ))}
          {serverCount > 5 ? ` ${words.found.more(serverCount - 5)}` : null}
        </span>
        <span className={css.quiet}>
          {words.since.toLowerCase()} <Time at={since} />
        </span>
        <RepairButton what={{ cause: cause.cause, ...(q === undefined ? {} : { q }) }} />
      </div>
      <p className={css.names}>
        {objects.map((object) => (
          <span key={object}>{object.includes(':') ? <ObjectLink object={object} /> : object}</span>
        ))}
        {count > objects.length ? <span>{words.found.more(count - objects.length)}</span> : null}
      </p>
      {differences.length === 0 ? null : (
        <details>
          <summary>{words.found.example}</summary>
          <Differences differences={differences} />
        </details>
      )}
    </li>
  )
}
