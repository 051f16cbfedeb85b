"""What scripts/schemathesis changes of the requests that are made for it, and what it notes of their answers."""
import json
import os

import schemathesis

GOOD = json.loads(os.environ['ENCKE_GOOD_IDS'])
ANSWERS = os.environ['ENCKE_ANSWERS']
# What is good in a field or parameter of a name, and in an id of a path by the part before it.
BY_NAME = {'person': 'people', 'name': 'channels', 'cursor': 'cursors'}
BY_PLACE = {'conversations': 'conversations', 'invitations': 'invitations', 'people': 'people'}
ASKED_WITH_IDS = ['Ack', 'Invitee', 'NewConversation', 'NewToken']


def may_be(schema, kind):
    """The schema of a text that is often one of these, since hardly any text by chance is an id that somebody has."""
    return {'anyOf': [{'type': 'string', 'enum': GOOD[kind]}, schema]} if kind in GOOD else schema


def know_parameters(path, operation):
    parts = path.split('/')
    for parameter in operation.get('parameters', []):
        name = parameter['name']
        place = '{%s}' % name
        is_id = name == 'id' and place in parts
        kind = BY_PLACE.get(parts[parts.index(place) - 1]) if is_id else BY_NAME.get(name)
        parameter['schema'] = may_be(parameter['schema'], kind)


def know_fields(schema):
    fields = schema.get('properties', {})
    for name in ('person', 'cursor'):
        if name in fields:
            fields[name] = may_be(fields[name], BY_NAME[name])
    if 'members' in fields:
        fields['members']['items'] = may_be(fields['members']['items'], 'people')


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Makes good ids known, so that requests get further than a refusal of the id."""
    for path, item in raw_schema['paths'].items():
        for operation in item.values():
            know_parameters(path, operation)
    for name in ASKED_WITH_IDS:
        whole = raw_schema['components']['schemas'][name]
        for schema in [whole, *whole.get('oneOf', [])]:
            know_fields(schema)


@schemathesis.hook
def before_call(context, case, kwargs):
    path, query = case.operation.path, case.query
    if path == '/v1/tokens/{id}' and case.path_parameters.get('id') in GOOD['own_tokens']:
        # It would have nothing to show from here on.
        case.path_parameters['id'] = 'none'
    if path == '/v1/feed':
        # A feed that streams never ends, and a WebSocket is no HTTP: only polls are asked for, and none waits.
        case.headers['Accept'] = 'application/json'
        if isinstance(query, dict):
            if query.get('live') in ('sse', 'ndjson', 'iframe'):
                query['live'] = 'long-poll'
            # A number, as it is described: otherwise the query would count as wrong, and should be refused.
            query['wait'] = 0


@schemathesis.hook
def after_call(context, case, response):
    with open(ANSWERS, 'a', encoding='utf-8') as file:
        file.write(f'{response.status_code}\n')
