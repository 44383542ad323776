import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { useState } from 'react'
import { client } from '../../api/client.ts'
import { asked } from '../../api/queries.ts'
import { FieldInput, namesIn } from '../../parts/field.tsx'
import { Problem } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import { ComesTo } from './comes-to.tsx'
import { Expression } from './expression.tsx'
import { usePreview } from './preview.ts'
import css from './routes.module.css'
import { Settle } from './settle.tsx'
import { own } from './words.ts'

type Route = AnswerOf<'GET /routes/{route}'>

/** Where a route leads and which objects take it, and what that comes to before anything is saved. */
export function RouteEditor({ route }: { route: Route | undefined }) {
  const words = useWords()
  const navigate = useNavigate()
  const { data: backends } = useQuery(asked('GET /backends'))
  const [backend, setBackend] = useState(route?.backend ?? '')
  const [match, setMatch] = useState(route?.match ?? 'true')
  const [server, setServer] = useState(route?.server ?? '')
  const [tags, setTags] = useState(route?.tags.join(' ') ?? '')
  const chosen = backend || backends?.items[0]?.name || ''
  const model = backends?.items.find(({ name }) => name === chosen)?.model
  const preview = usePreview({ backend: chosen, match, route: route?.id })
  const where = tags.trim() === '' ? { server } : { tags: namesIn(tags) }
  const isWhole = match.trim() !== '' && (server !== '' || tags.trim() !== '')
  const change = (given: { dryRun?: boolean; yes?: boolean }) =>
    route === undefined
      ? client.ask('POST /routes', { backend: chosen, match, ...where, ...given })
      : client.ask('PATCH /routes/{route}', { route: route.id, match, ...where, ...given })
  return (
    <div className={css.editor}>
      {route === undefined ? (
        <FieldInput
          field={{
            name: 'backend',
            label: words.backend,
            isRequired: true,
            choices: backends?.items.map(({ name }) => name) ?? [],
          }}
          value={chosen}
          onValue={setBackend}
        />
      ) : null}
      <Expression
        model={model}
        value={match}
        onValue={setMatch}
        problems={preview.data?.problems ?? []}
        of={preview.of}
      />
      {preview.error === null ? null : <Problem error={preview.error} />}
      {preview.data === undefined ? null : <ComesTo of={preview.data} isNew={route === undefined} />}
      <fieldset className={css.where}>
        <legend>{own.target}</legend>
        <FieldInput
          field={{ name: 'server', label: own.aServer }}
          value={server}
          onValue={(name) => {
            setServer(name)
            setTags('')
          }}
        />
        <FieldInput
          field={{ name: 'tags', label: own.withTags, help: own.tagsHelp }}
          value={tags}
          onValue={(names) => {
            setTags(names)
            setServer('')
          }}
        />
      </fieldset>
      <Settle
        needs="route"
        label={own.tryIt}
        help={own.tryHelp}
        reason={isWhole ? undefined : own.incomplete}
        change={change}
        onDone={() => void navigate({ to: '/routes' })}
      />
    </div>
  )
}
