import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { ActForm } from '../../parts/act-form.tsx'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { given, namesIn } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import { Secret } from '../../parts/secret.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import type { Column } from '../../parts/table.tsx'
import { Age, Time } from '../../parts/time.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { scopeFields, scopeIn, useRoleNames } from './scope.tsx'
import { own } from './words.ts'

type Token = AnswerOf<'GET /tokens'>['items'][number]

/** What programs come in by; never the tokens themselves. */
export function Tokens() {
  const words = useWords()
  const { cursor } = useSearch({ from: '/settings/tokens' })
  const navigate = useNavigate({ from: '/settings/tokens' })
  const tokens = useQuery(asked('GET /tokens', { limit: 100, ...given({ cursor }) }))
  const roles = useRoleNames()
  return (
    <>
      <div className="line">
        <ActForm
          act="POST /tokens"
          needs="token"
          label={own.addToken}
          title={own.addToken}
          fields={[
            { name: 'token', label: words.name, isRequired: true, most: 100 },
            { name: 'role', label: own.role, choices: roles, isRequired: true, initial: 'viewer' },
            { name: 'days', label: own.days, kind: 'number', initial: '30' },
            { name: 'networks', label: own.networks },
            { name: 'user', label: own.user },
            ...scopeFields(),
          ]}
          input={({ token = '', role = '', days, networks, user, ...scope }) => ({
            token,
            role,
            ...given({ user, networks: namesIn(networks), days: days ? Number(days) : undefined }),
            ...scopeIn(scope),
          })}
          result={({ token }) => <Secret text={token} />}
        />
        <CopyMenu command="orchestra token list" path="/tokens" data={tokens.data?.items} />
      </div>
      <List
        caption={own.tokens}
        of={tokens}
        columns={columns(words)}
        keyOf={({ id }) => id}
        search={{ cursor }}
        onSearch={(next) => void navigate({ search: { cursor: next.cursor } })}
        empty={<Empty text={own.noTokens} command="orchestra token add ci --role viewer" />}
        hasFilter={false}
      />
    </>
  )
}

function columns(words: Words): Column<Token>[] {
  return [
    { name: words.name, of: ({ name }) => name },
    {
      name: words.stateIs,
      of: ({ state }) => (
        <StateMark state={state === 'valid' ? 'ok' : 'blocked'} text={own.tokenStates[state]} />
      ),
    },
    { name: own.roles, of: ({ roles }) => roles.join(', ') },
    { name: own.user, of: ({ user }) => user ?? '' },
    { name: own.networks, of: ({ networks }) => networks.join(', ') },
    { name: own.used, of: ({ lastUsedAt }) => (lastUsedAt === null ? own.never : <Age at={lastUsedAt} />) },
    { name: own.expires, of: ({ expiresAt }) => <Time at={expiresAt} /> },
    {
      name: words.action,
      of: ({ name: token, state }) =>
        state === 'valid' ? (
          <ActForm
            act="DELETE /tokens/{token}"
            needs="token"
            label={own.end}
            title={`${token}: ${own.end}`}
            help={own.endHelp}
            input={() => ({ token })}
          />
        ) : null,
    },
  ]
}
