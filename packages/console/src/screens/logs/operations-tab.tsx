import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { asked } from '../../api/queries.ts'
import { StateMark } from '../../parts/state-mark.tsx'
import { Table } from '../../parts/table.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'

/** What a script did, object by object, and for which changes. */
export function OperationsTab() {
  const words = useWords()
  const { log: id } = useParams({ from: '/logs/$log/operations' })
  const log = useQuery(asked('GET /logs/{log}', { log: id }))
  return (
    <View of={log}>
      {({ operations }) =>
        operations.length === 0 ? (
          <Empty text={words.log.noOperations} />
        ) : (
          <Table
            caption={words.operations}
            items={operations}
            keyOf={({ position }) => position}
            columns={[
              {
                name: words.object,
                of: ({ object }) => (
                  <Link to="/objects/$object" params={{ object }}>
                    {object}
                  </Link>
                ),
              },
              { name: words.action, of: ({ action }) => action },
              {
                name: words.result,
                of: ({ outcome }) =>
                  outcome === null ? (
                    <StateMark state="running" text={words.open} />
                  ) : (
                    <StateMark
                      state={outcome === 'success' || outcome === 'nothing' ? 'ok' : 'failing'}
                      text={words.log.outcomes[outcome]}
                    />
                  ),
              },
              {
                name: words.log.change,
                of: ({ changed }) =>
                  changed === null ? '' : changed ? words.log.changed : words.log.unchanged,
              },
              {
                name: words.unit.one,
                of: ({ unitId }) => (
                  <Link to="/units/$unit" params={{ unit: unitId }}>
                    {unitId.slice(0, 8)}
                  </Link>
                ),
              },
              { name: words.log.error, of: ({ error }) => error ?? '' },
            ]}
          />
        )
      }
    </View>
  )
}
