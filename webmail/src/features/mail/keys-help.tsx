import { defineTexts, useKitTexts } from '@chappe/kit'
import { Kbd, Modal } from '@mantine/core'
import classes from './keys-help.module.css'

const useTexts = defineTexts('keys', {
  en: {
    title: 'Keyboard shortcuts',
    list: 'In the list',
    message: 'With what is marked or open',
    write: 'Writing',
    go: 'Going',
    next: 'Next, previous message',
    arrows: 'Up and down in the list; with Shift, mark on the way',
    select: 'Mark',
    all: 'Mark all that is loaded',
    escape: 'Unmark, or back to the list',
    archive: 'Archive',
    trash: 'Delete',
    junk: 'Junk, not junk',
    flag: 'Flag',
    unread: 'Unread, read',
    move: 'Move to a folder',
    snooze: 'Bring back later',
    undo: 'Undo',
    compose: 'New message',
    reply: 'Reply, to all, forward',
    search: 'Search',
    folders: 'Inbox, drafts, sent, archive, junk',
    help: 'This help',
  },
  fr: {
    title: 'Raccourcis clavier',
    list: 'Dans la liste',
    message: 'Avec ce qui est choisi ou ouvert',
    write: 'Écrire',
    go: 'Aller',
    next: 'Message suivant, précédent',
    arrows: 'Monter et descendre dans la liste ; avec Maj, choisir en chemin',
    select: 'Choisir',
    all: 'Choisir tout ce qui est chargé',
    escape: 'Ne plus choisir, ou retour à la liste',
    archive: 'Archiver',
    trash: 'Supprimer',
    junk: 'Indésirable, acceptable',
    flag: 'Suivre',
    unread: 'Non lu, lu',
    move: 'Déplacer vers un dossier',
    snooze: 'Faire revenir plus tard',
    undo: 'Annuler',
    compose: 'Nouveau message',
    reply: 'Répondre, à tous, transférer',
    search: 'Rechercher',
    folders: 'Réception, brouillons, envoyés, archives, indésirables',
    help: 'Cette aide',
  },
})

const KEYS = {
  list: { next: ['j', 'k'], arrows: ['↑', '↓'], select: ['x'], all: ['Ctrl A'], escape: ['Esc'] },
  message: { archive: ['e'], trash: ['#', 'Del'], junk: ['!'], flag: ['s'], unread: ['u', 'i'], move: ['v'], snooze: ['b'], undo: ['z'] },
  write: { compose: ['c'], reply: ['r', 'a', 'f'] },
  go: { search: ['/'], folders: ['g i', 'g d', 'g t', 'g a', 'g s'], help: ['?'] },
} as const

export default function KeysHelp({ onClose }: { onClose: () => void }) {
  const say = useTexts()
  const kit = useKitTexts()
  return (
    <Modal opened onClose={onClose} size="lg" title={say('title')} closeButtonProps={{ 'aria-label': kit('close') }}>
      <div className={classes.columns}>
        {(Object.keys(KEYS) as (keyof typeof KEYS)[]).map((group) => (
          <section key={group}>
            <h3>{say(group)}</h3>
            <dl>
              {Object.entries<readonly string[]>(KEYS[group]).map(([what, keys]) => (
                <div key={what}>
                  <dt>
                    {keys.map((k) => (
                      <Kbd key={k} size="xs">
                        {k}
                      </Kbd>
                    ))}
                  </dt>
                  <dd>{say(what as 'next')}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  )
}
