import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked, untold } from '../../api/queries.ts'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Screen, Section } from '../../parts/screen.tsx'
import { Table } from '../../parts/table.tsx'
import { ServerLink } from '../../parts/things.tsx'
import { Time } from '../../parts/time.tsx'
import { View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import { Deal } from './deal.tsx'
import { columns, IncidentState } from './incidents.tsx'
import { own } from './words.ts'

type Shown = AnswerOf<'GET /incidents/{incident}'>

/** One incident: what fails, since when, who deals with it, and what became of it. */
export function OneIncident() {
  const incident = Number(useParams({ from: '/incidents/$incident' }).incident)
  const shown = useQuery({ ...asked('GET /incidents/{incident}', { incident }), ...untold })
  return (
    <Screen
      title={own.incident(incident)}
      actions={
        <CopyMenu
          command={`orchestra incident show ${incident}`}
          path={`/incidents/${incident}`}
          data={shown.data}
        />
      }
    >
      <View of={shown}>
        {(data) => (
          <>
            <Known incident={data} />
            <Deal incident={data} />
            {data.samples.length === 0 ? null : (
              <Section title={own.samples}>
                <ul>
                  {data.samples.map((object) => (
                    <li key={object}>{object}</li>
                  ))}
                </ul>
              </Section>
            )}
            <Section title={own.steps}>
              <Steps incident={data} />
            </Section>
            <Similar incident={data} />
          </>
        )}
      </View>
    </Screen>
  )
}

function Known({ incident }: { incident: Shown }) {
  const words = useWords()
  const {
    server,
    backend,
    error,
    outcome,
    objects,
    most,
    openedAt,
    endedAt,
    resolvedBy,
    acknowledged,
    mergedInto,
  } = incident
  return (
    <Facts
      of={[
        [words.stateIs, <IncidentState key="state" incident={incident} />],
        [own.cause, error ?? outcome],
        [words.server, server === null ? words.everywhere : <ServerLink key="server" server={server} />],
        [words.backend, backend],
        [own.affected, most > objects ? `${objects} (${most})` : objects],
        [own.opened, <Time key="opened" at={openedAt} />],
        [
          own.ended,
          endedAt === null ? null : (
            <span key="ended">
              <Time at={endedAt} /> {resolvedBy}
            </span>
          ),
        ],
        [own.note, acknowledged?.note],
        [
          own.partOf,
          mergedInto === null ? null : (
            <Link key="part" to="/incidents/$incident" params={{ incident: String(mergedInto) }}>
              {own.incident(mergedInto)}
            </Link>
          ),
        ],
      ]}
    />
  )
}

function Steps({ incident: { steps } }: { incident: Shown }) {
  const words = useWords()
  return (
    <Table
      caption={own.steps}
      items={steps}
      keyOf={({ at, kind }) => `${at} ${kind}`}
      columns={[
        { name: words.when, of: ({ at }) => <Time at={at} /> },
        { name: own.steps, of: ({ kind }) => own.step[kind] },
        { name: own.affected, of: ({ objects }) => objects },
        { name: words.who, of: ({ by }) => by ?? '' },
      ]}
    />
  )
}

/** Others where this one is: of one cause they may be one. */
function Similar({ incident: { id, server, backend } }: { incident: Shown }) {
  const words = useWords()
  const where = {
    ...(server === null ? {} : { server }),
    ...(backend === null ? {} : { backend }),
  }
  const others = useQuery({ ...asked('GET /incidents', { limit: 10, ...where }), ...untold })
  const items = others.data?.items.filter((one) => one.id !== id) ?? []
  if (items.length === 0) return null
  return (
    <Section title={own.similar}>
      <Table caption={own.similar} items={items} keyOf={(one) => one.id} columns={columns(words)} />
    </Section>
  )
}
