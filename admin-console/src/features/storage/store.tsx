import { Answered, Confirm, Facts, Foreign, Page, Panel, Status, useFormat, wordOf } from '@chappe/kit'
import { Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { useMayEverywhere } from '../../app/session'
import pair from '../recipients/mailbox.module.css'
import { storeQuery, type Store } from './data'
import { health, Mounting } from './parts'
import { storeRoute } from './routes'
import { StorePolicy } from './store-policy'
import classes from './storage.module.css'
import { useTexts } from './texts'

function Use({ store }: { store: Store }) {
  const say = useTexts()
  const format = useFormat()
  const size = (bytes: number | null | undefined) => (bytes === null || bytes === undefined ? '–' : format.bytes(bytes))
  const count = (n: number | null | undefined) => (n === null || n === undefined ? '–' : format.number(n))
  return (
    <Panel title={say('use')}>
      {store.quotas ? (
        <>
          <Text size="sm">{say('quotaUse', { used: size(store.used), quotas: size(store.quotas), percent: format.percent(store.used ?? 0, store.quotas) })}</Text>
          <progress className={classes.bar} value={store.used ?? 0} max={store.quotas} aria-label={say('quotas')} />
        </>
      ) : null}
      <Facts
        rows={[
          [say('used'), size(store.used)],
          [say('growth'), size(store.grown_7_days)],
          [say('growth30'), size(store.grown_30_days)],
          [say('mailboxes'), count(store.mailboxes)],
          [say('messages'), count(store.messages)],
          [say('nearlyFull'), count(store.nearly_full)],
          [say('full'), count(store.full)],
          [say('deletedMailboxes'), count(store.deleted_mailboxes)],
        ]}
      />
      <Command line={commandLine(['store', 'show', store.name], { group: store.storage_group })} />
    </Panel>
  )
}

function Policy({ store }: { store: Store }) {
  const say = useTexts()
  const format = useFormat()
  const limit = (bytes: number) => (bytes > 0 ? format.bytes(bytes) : say('none'))
  const days = store.deleted_item_days
  return (
    <Panel title={say('policy')}>
      <Text size="sm" c="dimmed">
        {say('policyLead')}
      </Text>
      <Facts
        rows={[
          [say('organisation'), store.organisation ? <Foreign>{store.organisation}</Foreign> : say('allOrganisations')],
          [say('warnAt'), limit(store.warn_at)],
          [say('noSendAt'), limit(store.no_send_at)],
          [say('noReceiveAt'), limit(store.no_receive_at)],
          [say('itemDaysShort'), days === null || days === undefined || days < 0 ? say('asConfigured') : say('daysCount', { count: days })],
          [say('mailboxDaysShort'), say('daysCount', { count: store.deleted_mailbox_days })],
        ]}
      />
    </Panel>
  )
}

/** One store: what is in it, its limits, and what can be done with it. */
export function StorePage() {
  const say = useTexts()
  const change = useChange()
  const { group, store: name } = storeRoute.useParams()
  const { dialog } = storeRoute.useSearch()
  const navigate = useNavigate({ from: '/storage/$group/$store' })
  const open = (next: string | undefined) => void navigate({ search: { dialog: next }, replace: next === undefined })
  const mayWrite = useMayEverywhere('storage.write')
  const store = useQuery(storeQuery(group, name))
  const remove = async () => {
    await change(() => api.delete(path`/stores/${name}`, { storage_group: group }), [['storage', 'stores']], say('removed', { name }))
    await navigate({ to: '/storage', search: {} })
    return 'left'
  }
  return (
    <Page
      title={<Foreign>{name}</Foreign>}
      trail={
        <>
          <Link to="/storage">{say('title')}</Link>
          <span aria-hidden>›</span>
          <Foreign>{group}</Foreign>
        </>
      }
      lead={store.data && <Status health={health[store.data.state] ?? 'none'}>{wordOf(say, 'state', store.data.state)}</Status>}
      actions={
        mayWrite &&
        store.data && (
          <>
            <Button variant="default" color="red" onClick={() => open('remove')}>
              {say('remove')}
            </Button>
            <Button variant="default" onClick={() => open(store.data.mounted ? 'dismount' : 'mount')}>
              {say(store.data.mounted ? 'dismount' : 'mount')}
            </Button>
            <Button variant="default" renderRoot={(props) => <Link to="/storage/moves" search={{ dialog: 'move' }} {...props} />}>
              {say('move')}
            </Button>
            <Button onClick={() => open('edit')}>{say('edit')}</Button>
          </>
        )
      }
    >
      <Answered of={store}>
        {(s) => (
          <div className={pair.two}>
            <Use store={s} />
            <Policy store={s} />
            {dialog === 'edit' && <StorePolicy store={s} onClose={() => open(undefined)} onRenamed={(next) => void navigate({ to: '/storage/$group/$store', params: { group, store: next }, search: {} })} />}
          </div>
        )}
      </Answered>
      {(dialog === 'mount' || dialog === 'dismount') && <Mounting group={group} store={name} act={dialog} onDone={() => open(undefined)} />}
      {dialog === 'remove' && (
        <Confirm title={say('remove')} action={say('remove')} word={name} onDone={() => open(undefined)} onAct={remove}>
          <p>{say('removeLead')}</p>
          <Command line={commandLine(['store', 'remove', name], { group })} />
        </Confirm>
      )}
    </Page>
  )
}
