import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { base } from '../../api/client.ts'
import { asked, untold } from '../../api/queries.ts'
import { ActForm } from '../../parts/act-form.tsx'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { given } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import { Secret } from '../../parts/secret.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import type { Column } from '../../parts/table.tsx'
import { Age } from '../../parts/time.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { scopeFields, scopeIn, useRoleNames } from './scope.tsx'
import { own } from './words.ts'

type User = AnswerOf<'GET /users'>['items'][number]

/** Who can log in. */
export function People() {
  const words = useWords()
  const { cursor } = useSearch({ from: '/settings/' })
  const navigate = useNavigate({ from: '/settings/' })
  const users = useQuery({ ...asked('GET /users', { limit: 100, ...given({ cursor }) }), ...untold })
  const roles = useRoleNames()
  return (
    <>
      <div className="line">
        <ActForm
          act="POST /users"
          needs="user"
          label={own.addUser}
          title={own.addUser}
          fields={[
            { name: 'user', label: own.user, isRequired: true, most: 100 },
            { name: 'password', label: own.password, kind: 'password', help: own.passwordHelp },
            { name: 'role', label: own.role, choices: roles },
            ...scopeFields(),
          ]}
          input={({ user = '', password, role, ...scope }) => ({
            user,
            ...given({ password, role }),
            ...scopeIn(scope),
          })}
        />
        <CopyMenu command="orchestra user list" path="/users" data={users.data?.items} />
      </div>
      <List
        caption={own.people}
        of={users}
        columns={columns(words)}
        keyOf={({ name }) => name}
        search={{ cursor }}
        onSearch={(next) => void navigate({ search: { cursor: next.cursor } })}
        empty={<Empty text={own.noUsers} command="orchestra user link" />}
        hasFilter={false}
      />
    </>
  )
}

function columns(words: Words): Column<User>[] {
  return [
    { name: own.user, of: ({ name }) => name },
    {
      name: words.stateIs,
      of: ({ disabled }) => (
        <StateMark state={disabled ? 'blocked' : 'ok'} text={disabled ? own.out : own.in} />
      ),
    },
    { name: own.roles, of: ({ roles }) => roles.join(', ') },
    { name: own.login, of: ({ login }) => own.logins[login] },
    { name: own.seen, of: ({ seenAt }) => (seenAt === null ? own.never : <Age at={seenAt} />) },
    { name: words.action, of: (user) => <Acts user={user} /> },
  ]
}

function Acts({ user: { name: user, disabled } }: { user: User }) {
  const title = (act: string) => `${user}: ${act.replace('…', '')}`
  return (
    <span className="line">
      <ActForm
        act="POST /users/{user}/link"
        needs="user"
        label={own.link}
        title={title(own.link)}
        help={own.linkHelp}
        input={() => ({ user })}
        result={({ secret }) => <Secret text={`${base.href}#link=${secret}`} />}
      />
      <ActForm
        act="PATCH /users/{user}"
        needs="user"
        label={own.setPassword}
        title={title(own.setPassword)}
        fields={[
          {
            name: 'password',
            label: own.newPassword,
            kind: 'password',
            isRequired: true,
            help: own.passwordHelp,
          },
        ]}
        input={({ password = '' }) => ({ user, password })}
      />
      <ActForm
        act="PATCH /users/{user}"
        needs="user"
        label={disabled ? own.letIn : own.keepOut}
        title={title(disabled ? own.letIn : own.keepOut)}
        help={disabled ? undefined : own.keepOutHelp}
        input={() => ({ user, disabled: !disabled })}
      />
      <ActForm
        act="DELETE /users/{user}"
        needs="user"
        label={own.remove}
        title={title(own.remove)}
        help={own.removeHelp}
        input={() => ({ user })}
      />
    </span>
  )
}
