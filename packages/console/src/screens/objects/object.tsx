import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useParams } from '@tanstack/react-router'
import { may, useMe } from '../../api/me.ts'
import { asked } from '../../api/queries.ts'
import { CopyMenu, quoted } from '../../parts/copy-menu.tsx'
import { Screen } from '../../parts/screen.tsx'
import { ofTab, Tabs } from '../../parts/tabs.tsx'
import { useWords } from '../../words/index.ts'
import { ObjectActs } from './object-acts.tsx'

/** One object: where it stands and why; what differs there; what was done with it. */
export function OneObject() {
  const words = useWords()
  const me = useMe()
  const { object } = useParams({ from: '/objects/$object' })
  const explained = useQuery({
    ...asked('GET /objects/{object}/explain', { object }),
    enabled: me !== undefined && may(me, 'object.data'),
  })
  return (
    <Screen
      title={object}
      actions={
        <>
          <ObjectActs key={object} object={object} explained={explained.data} />
          <CopyMenu
            command={`orchestra explain ${quoted(object)}`}
            path={`/objects/${encodeURIComponent(object)}/explain`}
            data={explained.data}
          />
        </>
      }
    >
      <Tabs name={object}>
        <Link to="/objects/$object" params={{ object }} {...ofTab}>
          {words.thing.places}
        </Link>
        <Link to="/objects/$object/diff" params={{ object }} {...ofTab}>
          {words.thing.diff}
        </Link>
        <Link to="/objects/$object/history" params={{ object }} {...ofTab}>
          {words.thing.history}
        </Link>
        <Link to="/objects/$object/operations" params={{ object }} {...ofTab}>
          {words.operations}
        </Link>
      </Tabs>
      <Outlet />
    </Screen>
  )
}
