import { useQuery } from '@tanstack/react-query'
import { Link, Outlet } from '@tanstack/react-router'
import { useAct } from '../../api/act.ts'
import { asked } from '../../api/queries.ts'
import { ActButton } from '../../parts/button.tsx'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { Said } from '../../parts/said.tsx'
import { Screen } from '../../parts/screen.tsx'
import { ofTab, Tabs } from '../../parts/tabs.tsx'
import { useWords } from '../../words/index.ts'

/** What hands changed on servers: by what was done to it, and one by one. */
export function Drift() {
  const words = useWords()
  const check = useAct('POST /syncs')
  const causes = useQuery(asked('GET /findings/causes', { limit: 20 }))
  return (
    <Screen
      title={words.drift}
      actions={
        <>
          <ActButton needs="check" onPress={() => check.isPending || check.mutate({ mode: 'check' })}>
            {words.found.look}
          </ActButton>
          <CopyMenu command="orchestra drift causes" path="/findings/causes" data={causes.data?.items} />
          <Said error={check.error}>
            {check.data === undefined ? null : (
              <Link to="/changes/syncs/$sync" params={{ sync: check.data.id }}>
                {words.thing.checked}
              </Link>
            )}
          </Said>
        </>
      }
    >
      <Tabs name={words.drift}>
        <Link to="/changes/drift" {...ofTab}>
          {words.found.causes}
        </Link>
        <Link to="/changes/drift/findings" {...ofTab}>
          {words.found.all}
        </Link>
      </Tabs>
      <Outlet />
    </Screen>
  )
}
