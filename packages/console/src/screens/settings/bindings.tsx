import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { ActForm } from '../../parts/act-form.tsx'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { given } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import type { Column } from '../../parts/table.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { scopeFields, scopeIn, scopeText, useRoleNames } from './scope.tsx'
import { own } from './words.ts'

type Binding = AnswerOf<'GET /bindings'>['items'][number]

/** Who has which role, and for what. */
export function Bindings() {
  const words = useWords()
  const { cursor } = useSearch({ from: '/settings/bindings' })
  const navigate = useNavigate({ from: '/settings/bindings' })
  const bindings = useQuery(asked('GET /bindings', { limit: 100, ...given({ cursor }) }))
  const roles = useRoleNames()
  return (
    <>
      <div className="line">
        <ActForm
          act="POST /bindings"
          needs="user"
          label={own.addBinding}
          title={own.addBinding}
          fields={[
            { name: 'role', label: own.role, choices: roles, isRequired: true, initial: 'viewer' },
            { name: 'user', label: own.user },
            { name: 'group', label: own.group },
            { name: 'token', label: own.token },
            ...scopeFields(),
          ]}
          input={({ role = '', user, group, token, ...scope }) => ({
            role,
            ...given({ user, group, token }),
            ...scopeIn(scope),
          })}
        />
        <CopyMenu command="orchestra binding list" path="/bindings" data={bindings.data?.items} />
      </div>
      <List
        caption={own.bindings}
        of={bindings}
        columns={columns(words)}
        keyOf={({ id }) => id}
        search={{ cursor }}
        onSearch={(next) => void navigate({ search: { cursor: next.cursor } })}
        empty={<Empty text={own.noBindings} command="orchestra binding add viewer --user ana" />}
        hasFilter={false}
      />
    </>
  )
}

function columns(words: Words): Column<Binding>[] {
  return [
    { name: own.to, of: ({ user, group, token }) => user ?? group ?? token },
    { name: own.role, of: ({ role }) => role },
    { name: own.where, of: scopeText },
    { name: words.who, of: ({ by }) => by },
    {
      name: words.action,
      of: ({ id, role, user, group, token }) => (
        <ActForm
          act="DELETE /bindings/{binding}"
          needs="user"
          label={own.takeBack}
          title={`${user ?? group ?? token}: ${role}`}
          help={own.takeBackHelp}
          input={() => ({ binding: id })}
        />
      ),
    },
  ]
}
