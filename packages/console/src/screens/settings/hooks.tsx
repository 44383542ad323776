import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked, untold } from '../../api/queries.ts'
import { ActForm } from '../../parts/act-form.tsx'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { given, namesIn } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import { Secret } from '../../parts/secret.tsx'
import type { Column } from '../../parts/table.tsx'
import { Age } from '../../parts/time.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { scopeFields, scopeText } from './scope.tsx'
import { own } from './words.ts'

type Hook = AnswerOf<'GET /hooks'>['items'][number]
type Does = Hook['does']

const doings = Object.keys(own.doings) as Does[]

/** Programs elsewhere that say that something is to be looked at. */
export function Hooks() {
  const words = useWords()
  const { cursor } = useSearch({ from: '/settings/hooks' })
  const navigate = useNavigate({ from: '/settings/hooks' })
  const hooks = useQuery({ ...asked('GET /hooks', { limit: 100, ...given({ cursor }) }), ...untold })
  return (
    <>
      <div className="line">
        <ActForm
          act="POST /hooks"
          needs="token"
          label={own.addHook}
          title={own.addHook}
          help={own.hookHelp}
          fields={[
            { name: 'hook', label: own.hook, isRequired: true, most: 100 },
            { name: 'does', label: own.does, choices: doings, isRequired: true },
            { name: 'user', label: own.user },
            { name: 'objectAt', label: own.objectAt, help: own.atHelp },
            { name: 'keyAt', label: own.keyAt },
            { name: 'serverAt', label: own.serverAt },
            ...scopeFields().filter(({ name }) => name !== 'actions'),
          ]}
          input={({ hook = '', does, user, servers, backends, models, objectAt, keyAt, serverAt }) => ({
            hook,
            does: does as Does,
            at: given({ object: objectAt, key: namesIn(keyAt), server: serverAt }),
            ...given({
              user,
              servers: namesIn(servers),
              backends: namesIn(backends),
              models: namesIn(models),
            }),
          })}
          result={({ secret }) => (secret === null ? null : <Secret text={secret} />)}
        />
        <CopyMenu command="orchestra hook list" path="/hooks" data={hooks.data?.items} />
      </div>
      <List
        caption={own.hooks}
        of={hooks}
        columns={columns(words)}
        keyOf={({ name }) => name}
        search={{ cursor }}
        onSearch={(next) => void navigate({ search: { cursor: next.cursor } })}
        empty={<Empty text={own.noHooks} command="orchestra hook add NAME --does collect" />}
        hasFilter={false}
      />
    </>
  )
}

function columns(words: Words): Column<Hook>[] {
  return [
    { name: own.hook, of: ({ name }) => name },
    { name: own.does, of: ({ does }) => own.doings[does] },
    { name: own.user, of: ({ user }) => user ?? '' },
    { name: own.where, of: scopeText },
    { name: own.lastTold, of: ({ last }) => (last === null ? own.never : <Age at={last.at} />) },
    {
      name: words.action,
      of: ({ name: hook }) => (
        <ActForm
          act="DELETE /hooks/{hook}"
          needs="token"
          label={own.remove}
          title={`${hook}: ${own.remove}`}
          help={own.removeHookHelp}
          input={() => ({ hook })}
        />
      ),
    },
  ]
}
