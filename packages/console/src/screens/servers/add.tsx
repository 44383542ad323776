import { useNavigate } from '@tanstack/react-router'
import { ActForm } from '../../parts/act-form.tsx'
import { given, namesIn } from '../../parts/field.tsx'
import { useWords } from '../../words/index.ts'
import { own } from './words.ts'

/** Registers a server; whoever does is led to where its key is compared. */
export function AddServer() {
  const words = useWords()
  const navigate = useNavigate()
  return (
    <ActForm
      act="POST /servers"
      needs="server"
      label={own.add}
      title={own.add}
      help={own.addHelp}
      fields={[
        { name: 'name', label: words.name, isRequired: true, most: 100 },
        { name: 'host', label: own.host, isRequired: true },
        { name: 'port', label: own.port, kind: 'number', initial: '22' },
        { name: 'user', label: own.user, initial: 'root' },
        { name: 'tags', label: own.tags, help: own.tagsHelp },
        { name: 'offline', label: own.offline, kind: 'flag' },
      ]}
      input={({ name = '', host, port, user, tags, offline }) => ({
        name,
        offline: offline === 'yes',
        ...given({ host, user, tags: namesIn(tags), port: port ? Number(port) : undefined }),
      })}
      onDone={({ server }) => void navigate({ to: '/servers/$server', params: { server: server.name } })}
    />
  )
}
