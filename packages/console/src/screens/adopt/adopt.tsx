import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useEffect, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { useNames } from '../../api/known.ts'
import { ActButton } from '../../parts/button.tsx'
import { CopyMenu, quoted } from '../../parts/copy-menu.tsx'
import { given } from '../../parts/field.tsx'
import { NameField } from '../../parts/name-field.tsx'
import { Screen } from '../../parts/screen.tsx'
import { Empty, Problem } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import css from './adopt.module.css'
import { Surveyed, type Taken } from './surveyed.tsx'

/** What a server has already, and whose it is: it is taken over as it is, or written as its rows say. */
export function Adopt() {
  const words = useWords()
  const search = useSearch({ from: '/changes/adopt' })
  const navigate = useNavigate({ from: '/changes/adopt' })
  const { servers, backends } = useNames()
  const [server, setServer] = useState(search.server ?? '')
  const [backend, setBackend] = useState(search.backend ?? '')
  const [told, tell] = useState<Taken | null>(null)
  const survey = useAct('POST /adoptions/survey')
  const { mutate } = survey
  // What the address asks for is looked at once; again only when somebody says so, because the server is gone to.
  useEffect(() => {
    if (search.server !== undefined) mutate(surveyOf(search.server, search.backend))
  }, [mutate, search.server, search.backend])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (server === '') return
    const named = { server, backend: backend || undefined }
    if (named.server === search.server && named.backend === search.backend)
      mutate(surveyOf(server, named.backend))
    else void navigate({ search: named })
  }
  const { server: shown } = search
  return (
    <Screen
      title={words.adopt.title}
      actions={
        <CopyMenu
          command={`orchestra adopt --server ${quoted(shown ?? 'SERVER')}`}
          path="/adoptions/survey"
          body={surveyOf(shown ?? 'SERVER', search.backend)}
          data={survey.data}
        />
      }
    >
      <form className={css.form} onSubmit={submit}>
        <NameField label={words.server} value={server} names={servers} onChange={setServer} isRequired />
        <NameField label={words.adopt.ofBackend} value={backend} names={backends} onChange={setBackend} />
        <ActButton
          type="submit"
          weight="first"
          needs="diff.read"
          server={server || undefined}
          onPress={() => undefined}
        >
          {survey.isPending ? words.adopt.looking : words.adopt.look}
        </ActButton>
      </form>
      {survey.error === null ? null : <Problem error={survey.error} />}
      <div role="status">
        {survey.isPending ? words.adopt.looking : null}
        {told === null ? null : <TakenText taken={told} />}
      </div>
      {shown === undefined ? (
        <Empty text={words.adopt.help} />
      ) : (
        survey.data?.backends.map((one) => (
          <Surveyed
            key={`${shown} ${one.backend}`}
            server={shown}
            surveyed={one}
            onTaken={(news) => {
              tell(news)
              mutate(surveyOf(shown, search.backend))
            }}
          />
        ))
      )}
    </Screen>
  )
}

/** What was taken over: said for as long as somebody is here, also when nothing more can be. */
function TakenText({ taken: { adopted, left, unit, overwritten } }: { taken: Taken }) {
  const words = useWords()
  return (
    <p>
      {words.adopt.taken(adopted, left)}{' '}
      {unit === null ? null : (
        <Link to="/units/$unit" params={{ unit }}>
          {words.found.begun(overwritten)}
        </Link>
      )}
    </p>
  )
}

function surveyOf(server: string, backend: string | undefined) {
  return { server, ...given({ backend }) }
}
