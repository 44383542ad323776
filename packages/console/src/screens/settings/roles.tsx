import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import type { Permission } from '../../api/me.ts'
import { asked } from '../../api/queries.ts'
import { ActForm } from '../../parts/act-form.tsx'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { type Field, given, namesIn } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import type { Column } from '../../parts/table.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { own } from './words.ts'

type Role = AnswerOf<'GET /roles'>['items'][number]

const permissions = (initial = ''): Field => ({
  name: 'permissions',
  label: own.permissions,
  kind: 'lines',
  isRequired: true,
  help: own.permissionsHelp,
  initial,
})

/** What is no permission is refused by the API, by its place. */
const permissionsIn = (text: string | undefined) => namesIn(text) as Permission[]

/** Sets of permissions that can be given. */
export function Roles() {
  const words = useWords()
  const { cursor } = useSearch({ from: '/settings/roles' })
  const navigate = useNavigate({ from: '/settings/roles' })
  const roles = useQuery(asked('GET /roles', { limit: 100, ...given({ cursor }) }))
  return (
    <>
      <div className="line">
        <ActForm
          act="POST /roles"
          needs="user"
          label={own.addRole}
          title={own.addRole}
          fields={[{ name: 'role', label: own.role, isRequired: true, most: 100 }, permissions()]}
          input={({ role = '', permissions: names }) => ({ role, permissions: permissionsIn(names) })}
        />
        <CopyMenu command="orchestra role list" path="/roles" data={roles.data?.items} />
      </div>
      <List
        caption={own.roles}
        of={roles}
        columns={columns(words)}
        keyOf={({ name }) => name}
        search={{ cursor }}
        onSearch={(next) => void navigate({ search: { cursor: next.cursor } })}
        empty={null}
        hasFilter={false}
      />
    </>
  )
}

function columns(words: Words): Column<Role>[] {
  return [
    { name: own.role, of: ({ name }) => name },
    { name: own.permissions, of: ({ permissions: names }) => names.join(' ') },
    { name: own.usedBy, of: ({ bindings }) => bindings },
    {
      name: words.action,
      of: ({ name: role, permissions: names, standard }) =>
        standard ? (
          own.standard
        ) : (
          <span className="line">
            <ActForm
              act="PATCH /roles/{role}"
              needs="user"
              label={own.setRole}
              title={role}
              fields={[permissions(names.join('\n'))]}
              input={(values) => ({ role, permissions: permissionsIn(values.permissions) })}
            />
            <ActForm
              act="DELETE /roles/{role}"
              needs="user"
              label={own.remove}
              title={`${role}: ${own.remove}`}
              input={() => ({ role })}
            />
          </span>
        ),
    },
  ]
}
