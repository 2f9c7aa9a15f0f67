import { defineTexts } from '@chappe/kit'

export const useSenderTexts = defineTexts('sender', {
  en: {
    proven: 'Checked: this really comes from {{domain}} (DMARC).',
    'other-address': 'The sender’s name shows another address, {{shown}}. Trust the one behind it.',
    'alike-domain': 'The domain {{domain}} has letters that look like others; it is really {{ascii}}.',
    'alike-name': 'The sender’s name mixes letters of several scripts that look alike.',
    'turned-name': 'The sender’s name has invisible signs in it, which were taken out.',
    several: 'This message names several senders. Only one of them can have written it.',
    failed: 'This may not come from {{domain}}: the check of that domain failed (DMARC).',
    'other-domain': 'What was checked is {{domain}}, not the domain of this sender.',
  },
  fr: {
    proven: 'Vérifié : ce message vient bien de {{domain}} (DMARC).',
    'other-address': 'Le nom de l’expéditeur montre une autre adresse, {{shown}}. Fiez-vous à celle qui suit.',
    'alike-domain': 'Le domaine {{domain}} contient des lettres qui ressemblent à d’autres ; c’est en réalité {{ascii}}.',
    'alike-name': 'Le nom de l’expéditeur mélange des lettres de plusieurs écritures qui se ressemblent.',
    'turned-name': 'Le nom de l’expéditeur contenait des signes invisibles, qui ont été retirés.',
    several: 'Ce message nomme plusieurs expéditeurs. Un seul peut l’avoir écrit.',
    failed: 'Ce message ne vient peut-être pas de {{domain}} : la vérification du domaine a échoué (DMARC).',
    'other-domain': 'Le domaine vérifié est {{domain}}, et non celui de cet expéditeur.',
  },
})
