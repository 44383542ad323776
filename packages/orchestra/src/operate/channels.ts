import { z } from 'zod'
import {
  addChannel,
  type ChannelView,
  type DeliveryView,
  listChannels,
  listDeliveries,
  type NewChannel,
  removeChannel,
  repeatDelivery,
  showChannel,
  testChannel,
} from '../notify/index.ts'
import { audit } from '../server/index.ts'
import { flagField, idField, limitField, nameField, textField } from './fields.ts'
import { reading, writing } from './verb.ts'

const one = { channel: nameField }
const target = ({ channel }: { channel: string }) => `channel ${channel}`
/** A minute to a month. */
const secondsField = z.int().min(1).max(2_678_400)
const mailField = z.email().max(254)

export const channelList = reading({
  name: 'channel.list',
  about: 'Who is told of incidents, and what was told last',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({}),
  run: ({ store }): Promise<ChannelView[]> => listChannels(store),
})

export const channelShow = reading({
  name: 'channel.show',
  about: 'One who is told of incidents, and what was told last',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(one),
  run: ({ store }, { channel }): Promise<ChannelView> => showChannel(store, channel),
})

export interface ChannelAdded {
  channel: string
  /** Verifies the messages of a webhook; it is not shown again. */
  signingSecret: string | null
}

export const channelAdd = writing({
  name: 'channel.add',
  about: 'Tells somebody of incidents: by mail, or by a webhook',
  needs: 'key',
  answers: 'soon',
  secret: true,
  input: z
    .strictObject({
      ...one,
      mail: z
        .strictObject({ to: z.array(mailField).min(1).max(50), from: mailField, smtp: textField })
        .optional(),
      webhook: z
        .strictObject({
          url: textField,
          /** It may be on this machine or in a private network. */
          allowPrivate: flagField,
          /** It is told that a worker lives every so many seconds, and nothing else. */
          heartbeat: secondsField.optional(),
        })
        .optional(),
      /** What happens within so many seconds is told at once. */
      digest: secondsField.optional(),
    })
    .refine(
      ({ mail, webhook }) => (mail === undefined) !== (webhook === undefined),
      'takes either mail or webhook',
    ),
  audit: { action: 'channel.add', target },
  run: async ({ store, principal }, { channel, mail, webhook, digest }): Promise<ChannelAdded> => {
    const common = { name: channel, digestSeconds: digest }
    const added: NewChannel =
      mail === undefined
        ? {
            ...common,
            kind: 'webhook',
            url: webhook?.url ?? '',
            allowsPrivate: webhook?.allowPrivate ?? false,
            heartbeatSeconds: webhook?.heartbeat,
          }
        : { ...common, kind: 'mail', to: mail.to, from: mail.from, smtpUrl: mail.smtp }
    return { channel, ...(await addChannel(store, added, principal.name)) }
  },
})

export const channelTest = writing({
  name: 'channel.test',
  about: 'Sends a message of no meaning by a channel, and says whether it arrived',
  needs: 'key',
  answers: 'late',
  input: z.strictObject(one),
  audit: { action: 'channel.test', target },
  run: async ({ store, principal }, { channel }): Promise<{ channel: string; error: string | null }> => {
    const { error } = await testChannel(store, channel, principal.name)
    const entry = { by: principal.name, action: 'channel.test', target: `channel ${channel}` }
    await audit(store, { ...entry, detail: { arrived: error === null } })
    return { channel, error }
  },
})

export const channelRemove = writing({
  name: 'channel.remove',
  about: 'Tells nobody any more by a channel',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(one),
  audit: { action: 'channel.remove', target },
  run: async ({ store, principal }, { channel }): Promise<{ removed: string }> => {
    await removeChannel(store, channel, principal.name)
    return { removed: channel }
  },
})

export const deliveryList = reading({
  name: 'delivery.list',
  about: 'What channels were told, and what they are to be, the newest first',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    channel: nameField.optional(),
    /** Older than this one. */
    before: idField.optional(),
    limit: limitField.default(50),
  }),
  run: ({ store }, { channel = null, before = null, limit }): Promise<DeliveryView[]> =>
    listDeliveries(store, { channel, before, limit }),
})

export const deliveryRepeat = writing({
  name: 'delivery.repeat',
  about: 'Sends once more what a channel was told or could not be told',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ delivery: idField }),
  audit: { action: 'delivery.repeat', target: ({ delivery }) => `delivery ${delivery}` },
  run: ({ store, principal }, { delivery }): Promise<DeliveryView> =>
    repeatDelivery(store, delivery, principal.name),
})
