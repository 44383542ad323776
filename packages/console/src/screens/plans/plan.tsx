import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useParams } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked, untold } from '../../api/queries.ts'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Screen } from '../../parts/screen.tsx'
import { ofTab, Tabs } from '../../parts/tabs.tsx'
import { Time } from '../../parts/time.tsx'
import { View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import { Decide } from './decide.tsx'
import css from './plans.module.css'
import { aboutOf } from './plans.tsx'
import { Counts, PlanState } from './state.tsx'
import { own } from './words.ts'

type Plan = AnswerOf<'GET /plans/{plan}'>

/** One plan: may this happen? What it does, what keeps it, and who said what. */
export function OnePlan() {
  const plan = Number(useParams({ from: '/changes/plans/$plan' }).plan)
  const shown = useQuery({ ...asked('GET /plans/{plan}', { plan }), ...untold })
  return (
    <Screen
      title={own.plan(plan)}
      actions={<CopyMenu command={`orchestra plan show ${plan}`} path={`/plans/${plan}`} data={shown.data} />}
    >
      <View of={shown}>
        {(data) => (
          <>
            <Known plan={data} />
            <Notices plan={data} />
            <Decide plan={data} />
          </>
        )}
      </View>
      <Tabs name={own.plan(plan)}>
        <Link to="/changes/plans/$plan" params={{ plan: String(plan) }} {...ofTab}>
          {own.operations}
        </Link>
        <Link to="/changes/plans/$plan/diffs" params={{ plan: String(plan) }} {...ofTab}>
          {own.diffs}
        </Link>
        <Link to="/changes/plans/$plan/scripts" params={{ plan: String(plan) }} {...ofTab}>
          {own.scripts}
        </Link>
      </Tabs>
      <Outlet />
    </Screen>
  )
}

function Known({ plan }: { plan: Plan }) {
  const words = useWords()
  const { by, createdAt, counts, endedAt, endedBy, reason } = plan
  return (
    <Facts
      of={[
        [words.stateIs, <PlanState key="state" plan={plan} />],
        [own.about, aboutOf(plan)],
        [own.does, <Counts key="counts" counts={counts} />],
        [
          own.madeAt,
          <span key="made">
            {by}, <Time at={createdAt} />
          </span>,
        ],
        [
          own.ended,
          endedAt === null ? null : (
            <span key="ended">
              {endedBy} <Time at={endedAt} /> {reason}
            </span>
          ),
        ],
      ]}
    />
  )
}

/** What whoever decides has to know first. */
function Notices({ plan: { state, guard, approval, moved, failures } }: { plan: Plan }) {
  return (
    <>
      {guard === null ? null : (
        <div className={css.notice}>
          <strong>
            {own.guard}: {guard}
          </strong>
        </div>
      )}
      {state !== 'open' || approval.needed.length === 0 ? null : (
        <div className={css.notice}>
          <strong>{own.needsApproval(approval.needed.join('; '))}</strong>
          {approval.given === null ? null : (
            <span>
              {own.approvedBy(approval.given.by)}, {own.until} <Time at={approval.given.expiresAt} />
            </span>
          )}
        </div>
      )}
      {moved === null || moved.length === 0 ? null : (
        <section className={css.notice} aria-label={own.moved}>
          <strong>{own.moved}</strong>
          <ul>
            {moved.map(({ object, backend, server, how }) => (
              <li key={`${object} ${backend} ${server}`}>
                {object} · {backend} · {server}: {own.how[how]}
              </li>
            ))}
          </ul>
        </section>
      )}
      {failures.length === 0 ? null : (
        <section className={css.notice} aria-label={own.failures}>
          <strong>{own.failures}</strong>
          <ul>
            {failures.map(({ object, reason }) => (
              <li key={object}>
                {object}: {reason}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}
