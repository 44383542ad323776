import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { useState } from 'react'
import { client } from '../../api/client.ts'
import { asked } from '../../api/queries.ts'
import { ActForm } from '../../parts/act-form.tsx'
import { type Field, FieldInput, given, namesIn, type Values } from '../../parts/field.tsx'
import { View } from '../../parts/view.tsx'
import { Settle } from '../routes/settle.tsx'
import css from './server.module.css'
import { own } from './words.ts'

type Server = AnswerOf<'GET /servers/{server}'>

/** How a server is reached, and its tags, by which routes lead to it. */
export function ServerSettings() {
  const { server: name } = useParams({ from: '/servers/$server/settings' })
  const server = useQuery(asked('GET /servers/{server}', { server: name }))
  return (
    <View of={server}>
      {(data) => (
        <>
          <Change key={`${data.host} ${data.port} ${data.user} ${data.tags.join(' ')}`} server={data} />
          <Remove server={data} />
        </>
      )}
    </View>
  )
}

const none = { objects: 0, effects: [], unknown: [] }

function Change({ server }: { server: Server }) {
  const isRemote = server.method === 'ssh' || server.method === 'openssh'
  const fields: Field[] = [
    ...(isRemote
      ? ([
          { name: 'host', label: own.host, initial: server.host },
          { name: 'port', label: own.port, kind: 'number', initial: String(server.port) },
          { name: 'user', label: own.user, initial: server.user },
        ] as const)
      : []),
    { name: 'tags', label: own.tags, help: own.tagsHelp, initial: server.tags.join(' ') },
  ]
  const [values, setValues] = useState<Values>({})
  const changed = changeIn(values, server)
  return (
    <div className={css.settings}>
      {fields.map((field) => (
        <FieldInput
          key={field.name}
          field={field}
          value={values[field.name] ?? field.initial ?? ''}
          onValue={(value) => setValues({ ...values, [field.name]: value })}
        />
      ))}
      <Settle
        needs="server"
        label={own.tryIt}
        change={async (how) => {
          const { preview } = await client.ask('PATCH /servers/{server}', {
            server: server.name,
            ...changed,
            ...how,
          })
          return { preview: preview ?? none }
        }}
        onDone={() => undefined}
      />
    </div>
  )
}

/** What was written otherwise than it is. */
function changeIn({ host, port, user, tags }: Values, server: Server) {
  const had = new Set(server.tags)
  const wanted = new Set(namesIn(tags ?? server.tags.join(' ')))
  return given({
    host: host === server.host ? undefined : host,
    port: port === undefined || Number(port) === server.port ? undefined : Number(port),
    user: user === server.user ? undefined : user,
    tag: [...wanted].filter((one) => !had.has(one)),
    untag: [...had].filter((one) => !wanted.has(one)),
  })
}

function Remove({ server: { name, use } }: { server: Server }) {
  const navigate = useNavigate()
  const isUsed = use.routes + use.placements + use.operations > 0
  return (
    <div>
      <ActForm
        act="DELETE /servers/{server}"
        needs="server"
        server={name}
        label={own.remove}
        title={own.removeTitle(name)}
        help={
          <>
            <p>{own.removeHelp}</p>
            {isUsed ? <p>{own.removeUse(use.routes, use.placements, use.operations)}</p> : null}
          </>
        }
        input={() => ({ server: name, yes: true })}
        onDone={() => void navigate({ to: '/servers' })}
      />
    </div>
  )
}
