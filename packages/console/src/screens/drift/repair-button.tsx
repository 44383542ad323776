import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { tried } from '../../api/tried.ts'
import { ActButton, Button } from '../../parts/button.tsx'
import { Dialog, DialogForm } from '../../parts/dialog.tsx'
import { Said } from '../../parts/said.tsx'
import { Problem } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'

interface Repaired {
  cause?: string
  q?: string
}

/** Writes what differs again as the rows say, once it is told what that is; nothing is removed by it. */
export function RepairButton({ what }: { what: Repaired }) {
  const words = useWords()
  const [isOpen, open] = useState(false)
  const [begun, begin] = useState<{ unit: string; saves: number } | null>(null)
  return (
    <>
      <ActButton needs="sync" onPress={() => open(true)}>
        {words.found.repair}
      </ActButton>
      <Said error={null}>
        {begun === null ? null : (
          <Link to="/units/$unit" params={{ unit: begun.unit }}>
            {words.found.begun(begun.saves)}
          </Link>
        )}
      </Said>
      {isOpen ? (
        <RepairDialog
          what={what}
          onClose={() => open(false)}
          onBegun={(unit, saves) => {
            begin({ unit, saves })
            open(false)
          }}
        />
      ) : null}
    </>
  )
}

interface RepairDialogProps {
  what: Repaired
  onClose: () => void
  onBegun: (unit: string, saves: number) => void
}

function RepairDialog({ what, onClose, onBegun }: RepairDialogProps) {
  const words = useWords()
  const dry = useQuery(tried('POST /findings/repair', { ...what, dryRun: true }))
  const repair = useAct('POST /findings/repair')
  const reason = dry.data?.saves === 0 ? words.found.nothingToRepair : undefined
  const submit = () => {
    if (reason !== undefined || repair.isPending) return
    repair.mutate(what, {
      onSuccess: ({ unit, saves }) => (unit === null ? onClose() : onBegun(unit, saves)),
    })
  }
  return (
    <Dialog title={words.found.repairTitle} isOpen onClose={onClose}>
      <DialogForm
        onSubmit={submit}
        actions={
          <>
            <Button onPress={onClose}>{words.cancel}</Button>
            <Button weight="first" type="submit" reason={reason} onPress={() => undefined}>
              {words.found.repair}
            </Button>
          </>
        }
      >
        <p>{words.found.repairHelp}</p>
        <p role="status">
          {dry.data === undefined
            ? dry.error === null
              ? words.loading
              : null
            : words.found.would(dry.data.saves, dry.data.objects, dry.data.left)}
        </p>
        {dry.error === null ? null : <Problem error={dry.error} />}
        {repair.error === null ? null : <Problem error={repair.error} />}
      </DialogForm>
    </Dialog>
  )
}
