import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import css from './dialog.module.css'

/** Something in front of all else, until it is closed: Escape and a press beside it close it too. */
export function Dialog({
  title,
  isOpen,
  onClose,
  children,
}: {
  title: string
  isOpen: boolean
  onClose: () => void
  children: ReactNode
}) {
  return (
    <ModalOverlay
      className={css.over}
      isDismissable
      isOpen={isOpen}
      onOpenChange={(opened) => opened || onClose()}
    >
      <Modal className={css.modal}>
        <AriaDialog className={css.dialog}>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

/** Fields, and what becomes of them. */
export function DialogForm({
  onSubmit,
  actions,
  children,
}: {
  onSubmit: () => void
  actions: ReactNode
  children: ReactNode
}) {
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      {children}
      <div className={css.actions}>{actions}</div>
    </form>
  )
}
