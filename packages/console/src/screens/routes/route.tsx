import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { client } from '../../api/client.ts'
import { asked } from '../../api/queries.ts'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Screen } from '../../parts/screen.tsx'
import { View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import { RouteEditor } from './editor.tsx'
import { destination, RouteState } from './routes.tsx'
import { Settle } from './settle.tsx'
import { own } from './words.ts'

/** One route: where it leads now, and what another expression or place would change. */
export function OneRoute() {
  const words = useWords()
  const navigate = useNavigate()
  const route = Number(useParams({ from: '/routes/$route' }).route)
  const shown = useQuery(asked('GET /routes/{route}', { route }))
  return (
    <Screen
      title={own.route(route)}
      actions={
        <CopyMenu command={`orchestra route show ${route}`} path={`/routes/${route}`} data={shown.data} />
      }
    >
      <View of={shown}>
        {(data) => (
          <>
            <Facts
              of={[
                [words.stateIs, <RouteState key="state" route={data} />],
                [words.backend, data.backend],
                [own.leadsTo, destination(data)],
              ]}
            />
            <div className="line">
              <Settle
                needs="route"
                label={data.enabled ? own.disable : own.enable}
                change={(given) =>
                  data.enabled
                    ? client.ask('POST /routes/{route}/disable', { route, ...given })
                    : client.ask('POST /routes/{route}/enable', { route, ...given })
                }
                onDone={() => undefined}
              />
              <Settle
                needs="route"
                label={own.remove}
                change={(given) => client.ask('DELETE /routes/{route}', { route, ...given })}
                onDone={() => void navigate({ to: '/routes' })}
              />
            </div>
            <RouteEditor key={`${data.match} ${data.server} ${data.tags.join(' ')}`} route={data} />
          </>
        )}
      </View>
    </Screen>
  )
}

export function NewRoute() {
  return (
    <Screen title={own.add}>
      <RouteEditor route={undefined} />
    </Screen>
  )
}
