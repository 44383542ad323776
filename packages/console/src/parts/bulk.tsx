import { useNavigate } from '@tanstack/react-router'
import type { AnswerOf, InputOf } from 'orchestrajs/client'
import { useState } from 'react'
import { useAct } from '../api/act.ts'
import type { Permission } from '../api/me.ts'
import { useWords } from '../words/index.ts'
import { own } from './bulk-words.ts'
import { ActButton, Button } from './button.tsx'
import { Dialog, DialogForm } from './dialog.tsx'
import { FieldInput, given } from './field.tsx'
import { Problem } from './view.tsx'

export type BulkAction = InputOf<'POST /bulk'>['action']
type Begun = AnswerOf<'POST /bulk'>

const needs = {
  retry: 'retry',
  cancel: 'cancel',
  collect: 'collect',
  forget: 'forget',
  hold: 'hold',
  release: 'hold',
  check: 'check',
} as const satisfies Record<BulkAction, Permission>

/** What cannot be taken back: many of these want their number written. */
const grave: ReadonlySet<BulkAction> = new Set(['cancel', 'forget'])
const MANY = 10
const NAMED = 10

/** Does something to all that a filter leaves: first it is said how many those are, and which. */
export function BulkActs({ actions, query }: { actions: readonly BulkAction[]; query: string }) {
  const [chosen, choose] = useState<BulkAction>()
  const tried = useAct('POST /bulk')
  if (query === '') return null
  const begin = (action: BulkAction) => {
    choose(action)
    tried.mutate({ action, q: query, dryRun: true })
  }
  return (
    <div className="line">
      <span>{own.allOfThese}</span>
      {actions.map((action) => (
        <ActButton
          key={action}
          needs={needs[action]}
          onPress={() => {
            if (!tried.isPending) begin(action)
          }}
        >
          {own.actions[action]}
        </ActButton>
      ))}
      {tried.error === null ? null : <Problem error={tried.error} />}
      {tried.data === undefined || chosen === undefined ? null : (
        <Asked action={chosen} query={query} would={tried.data} onClose={() => tried.reset()} />
      )}
    </div>
  )
}

interface AskedProps {
  action: BulkAction
  query: string
  would: Begun
  onClose: () => void
}

function Asked({ action, query, would: { count, items }, onClose }: AskedProps) {
  const words = useWords()
  const navigate = useNavigate()
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const done = useAct('POST /bulk')
  const wantsCount = grave.has(action) && count > MANY
  const isAgreed = count > 0 && (!wantsCount || typed.trim() === String(count))
  const submit = () => {
    if (!isAgreed || done.isPending) return
    done.mutate(
      { action, q: query, yes: true, ...given({ reason }) },
      {
        onSuccess: ({ bulk }) => {
          onClose()
          if (bulk !== null) void navigate({ to: '/bulk/$bulk', params: { bulk: String(bulk) } })
        },
      },
    )
  }
  return (
    <Dialog title={own.ask(own.actions[action], count)} isOpen onClose={onClose}>
      <DialogForm
        onSubmit={submit}
        actions={
          <>
            <Button onPress={onClose}>{words.cancel}</Button>
            <Button
              weight="first"
              type="submit"
              onPress={() => undefined}
              reason={isAgreed ? undefined : count === 0 ? own.none : own.typeCount(count)}
            >
              {own.actions[action]}
            </Button>
          </>
        }
      >
        <ul>
          {items.slice(0, NAMED).map((item) => (
            <li key={item}>{item}</li>
          ))}
          {count > NAMED ? <li>{own.more(count - NAMED)}</li> : null}
        </ul>
        {action === 'hold' ? (
          <FieldInput
            field={{ name: 'reason', label: words.reason, most: 200 }}
            value={reason}
            onValue={setReason}
            isFirst
          />
        ) : null}
        {wantsCount ? (
          <FieldInput
            field={{ name: 'count', label: own.typeCount(count) }}
            value={typed}
            onValue={setTyped}
            isFirst
          />
        ) : null}
        {done.error === null ? null : <Problem error={done.error} />}
      </DialogForm>
    </Dialog>
  )
}
