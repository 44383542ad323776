import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Screen, Section } from '../../parts/screen.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { own } from './words.ts'

type Backend = AnswerOf<'GET /backends'>['items'][number]
type Model = AnswerOf<'GET /models'>['items'][number]

/** What the configuration can place, from what, and by which policies. */
export function Backends() {
  const words = useWords()
  const backends = useQuery(asked('GET /backends'))
  const models = useQuery(asked('GET /models'))
  return (
    <Screen
      title={own.title}
      actions={<CopyMenu command="orchestra backend list" path="/backends" data={backends.data?.items} />}
    >
      <p>{own.order}</p>
      <View of={backends}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty text={own.none} command="orchestra init" />
          ) : (
            <Table
              caption={own.title}
              items={items}
              keyOf={({ name }) => name}
              columns={backendColumns(words)}
            />
          )
        }
      </View>
      <Section title={own.models}>
        <View of={models}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty text={own.noModels} />
            ) : (
              <Table caption={own.models} items={items} keyOf={({ name }) => name} columns={modelColumns()} />
            )
          }
        </View>
      </Section>
    </Screen>
  )
}

function ModelLink({ model }: { model: string }) {
  return (
    <Link to="/backends/models/$model" params={{ model }}>
      {model}
    </Link>
  )
}

function backendColumns(words: Words): Column<Backend>[] {
  return [
    { name: words.backend, of: ({ name }) => name },
    { name: own.model, of: ({ model }) => <ModelLink model={model} /> },
    { name: own.after, of: ({ after }) => after.join(', ') },
    { name: own.onMove, of: ({ onMove }) => own.move[onMove] },
    { name: own.onDrift, of: ({ onDrift }) => own.drift[onDrift] },
    { name: own.onBroken, of: ({ onBroken }) => own.broken[onBroken] },
    { name: own.onRename, of: ({ onRename }) => (onRename === null ? '' : own.rename[onRename]) },
    { name: own.actions, of: ({ actions }) => actions.join(', ') },
  ]
}

function modelColumns(): Column<Model>[] {
  return [
    { name: own.model, of: ({ name }) => <ModelLink model={name} /> },
    { name: own.table, of: ({ table }) => (table === null ? '' : <code>{table}</code>) },
    { name: own.key, of: ({ key }) => key.join(', ') },
    { name: own.secrets, of: ({ secrets }) => secrets.join(', ') },
    { name: own.ignored, of: ({ ignore }) => ignore.join(', ') },
    { name: own.related, of: ({ related }) => related.join(', ') },
    { name: own.title, of: ({ backends }) => backends.join(', ') },
  ]
}

/** One model: what expressions of routes can read of its objects. */
export function OneModel() {
  const { model } = useParams({ from: '/backends/models/$model' })
  const fields = useQuery(asked('GET /models/{model}/fields', { model }))
  const models = useQuery(asked('GET /models'))
  const known = models.data?.items.find(({ name }) => name === model)
  return (
    <Screen
      title={model}
      actions={
        <CopyMenu
          command="orchestra model list"
          path={`/models/${encodeURIComponent(model)}/fields`}
          data={fields.data}
        />
      }
    >
      {known === undefined ? null : (
        <Facts
          of={[
            [own.table, known.table],
            [own.key, known.key.join(', ')],
            [own.title, known.backends.join(', ')],
            [own.secrets, known.secrets.join(', ')],
          ]}
        />
      )}
      <Section title={own.fields}>
        <View of={fields}>
          {({ fields: items }) => (
            <Table
              caption={own.fields}
              items={items}
              keyOf={({ path }) => path}
              columns={[
                { name: own.field, of: ({ path }) => <code>{path}</code> },
                { name: own.type, of: ({ type, nullable }) => (nullable ? `${type}, null` : type) },
                { name: own.values, of: ({ values }) => values?.join(', ') ?? '' },
              ]}
            />
          )}
        </View>
      </Section>
    </Screen>
  )
}
