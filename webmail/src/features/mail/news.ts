// What new mail does beside appearing in its list: a notice on the desktop.
import { useEffect } from 'react'
import { useMail } from '../../jmap/mail'
import type { Email } from '../../jmap/wire'
import { choices } from './choices'
import { useListTexts } from './list-texts'
import { nameOf } from './people'

const SHOWN_MS = 10_000

export function useNews(open: (email: Email) => void): void {
  const mail = useMail()
  const say = useListTexts()
  useEffect(
    () =>
      mail.onNew((emails, store) => {
        if (!store.isOwn || !choices().notices || !('Notification' in window) || Notification.permission !== 'granted') return
        if (document.visibilityState === 'visible' && document.hasFocus()) return
        const inbox = store.byRole('inbox')?.id ?? ''
        const fresh = emails.filter((e) => e.mailboxIds[inbox] && !e.keywords['$seen'])
        const first = fresh[fresh.length - 1]
        if (!first) return
        const sender = first.from?.[0]
        const notice =
          fresh.length === 1
            ? new Notification(sender ? nameOf(sender) : say('newMail'), { body: first.subject ?? '', tag: first.id, icon: '/icon-192.png' })
            : new Notification(say('newMails', { count: fresh.length }), { tag: 'many', icon: '/icon-192.png' })
        notice.onclick = () => {
          window.focus()
          open(first)
          notice.close()
        }
        setTimeout(() => notice.close(), SHOWN_MS)
      }),
    [mail, say, open],
  )
}
