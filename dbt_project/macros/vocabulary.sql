{#
  The one vocabulary that every tool's exports are told in, and which relations tell it. A tool is added to the lists it
  has something for; everything after the unions is the same for all tools.
#}

{#- Columns of each part of the vocabulary, with their types. -#}
{% macro vocabulary_columns(part) %}
    {%- set columns = {
        'items': [
            ('work_item_id', 'varchar'), ('source_id', 'varchar'), ('native_id', 'varchar'), ('item_key', 'varchar'),
            ('project', 'varchar'), ('item_type', 'varchar'), ('is_subtask', 'boolean'), ('title', 'varchar'),
            ('status_id', 'varchar'), ('status_name', 'varchar'), ('status_kind', 'varchar'),
            ('initial_status', 'varchar'), ('resolution', 'varchar'), ('priority', 'varchar'), ('labels', 'varchar'),
            ('components', 'varchar[]'), ('team_value', 'varchar'), ('flag_value', 'varchar'),
            ('blocked_reason', 'varchar'), ('estimate', 'double'), ('parent_ref', 'varchar'),
            ('iteration_ref', 'varchar'), ('fix_versions', 'varchar[]'), ('affected_versions', 'varchar[]'),
            ('created_at', 'timestamptz'), ('updated_at', 'timestamptz'), ('resolved_at', 'timestamptz'),
            ('n_histories_announced', 'bigint'), ('has_changelog', 'boolean'), ('removed_at', 'timestamptz'),
            ('removal', 'varchar'), ('web_url', 'varchar'),
        ],
        'changes': [
            ('work_item_id', 'varchar'), ('history_key', 'varchar'), ('history_number', 'bigint'),
            ('history_position', 'bigint'), ('item_position', 'bigint'), ('changed_at', 'timestamptz'),
            ('attribute', 'varchar'), ('from_id', 'varchar'), ('from_value', 'varchar'), ('to_id', 'varchar'),
            ('to_value', 'varchar'),
        ],
        'links': [
            ('source_id', 'varchar'), ('work_item_id', 'varchar'), ('relation', 'varchar'), ('link_type', 'varchar'),
            ('linked_ref', 'varchar'), ('linked_at', 'timestamptz'), ('unlinked_at', 'timestamptz'),
        ],
        'statuses': [
            ('source_id', 'varchar'), ('status_id', 'varchar'), ('status_name', 'varchar'), ('status_kind', 'varchar'),
        ],
        'iterations': [
            ('source_id', 'varchar'), ('iteration_id', 'varchar'), ('iteration_name', 'varchar'),
            ('iteration_path', 'varchar'), ('goal', 'varchar'), ('state', 'varchar'), ('started_at', 'timestamptz'),
            ('planned_end_at', 'timestamptz'), ('completed_at', 'timestamptz'), ('board_id', 'varchar'),
        ],
        'worklogs': [
            ('source_id', 'varchar'), ('work_item_id', 'varchar'), ('worklog_id', 'varchar'),
            ('started_at', 'timestamptz'), ('hours', 'double'),
        ],
        'builds': [
            ('build_id', 'varchar'), ('source_id', 'varchar'), ('native_id', 'varchar'), ('project', 'varchar'),
            ('pipeline_name', 'varchar'), ('branch', 'varchar'), ('commit_sha', 'varchar'), ('title', 'varchar'),
            ('result', 'varchar'), ('raw_result', 'varchar'), ('queued_at', 'timestamptz'),
            ('started_at', 'timestamptz'), ('finished_at', 'timestamptz'), ('web_url', 'varchar'),
        ],
        'deployments': [
            ('deployment_id', 'varchar'), ('source_id', 'varchar'), ('native_id', 'varchar'), ('project', 'varchar'),
            ('environment_name', 'varchar'), ('result', 'varchar'), ('raw_result', 'varchar'),
            ('commit_sha', 'varchar'), ('ref', 'varchar'), ('started_at', 'timestamptz'),
            ('finished_at', 'timestamptz'),
        ],
        'pull_requests': [
            ('pull_request_id', 'varchar'), ('source_id', 'varchar'), ('native_id', 'varchar'),
            ('pull_request_key', 'varchar'), ('project', 'varchar'), ('title', 'varchar'), ('body_keys', 'varchar'),
            ('source_branch', 'varchar'), ('target_branch', 'varchar'), ('is_draft', 'boolean'), ('state', 'varchar'),
            ('opened_at', 'timestamptz'), ('first_review_at', 'timestamptz'), ('approved_at', 'timestamptz'),
            ('merged_at', 'timestamptz'), ('closed_at', 'timestamptz'), ('first_commit_at', 'timestamptz'),
            ('merge_commit_sha', 'varchar'), ('head_commit_sha', 'varchar'), ('n_commits', 'bigint'),
            ('n_comments', 'bigint'), ('n_reviews', 'bigint'), ('additions', 'bigint'), ('deletions', 'bigint'),
        ],
        'commits': [
            ('source_id', 'varchar'), ('commit_sha', 'varchar'), ('project', 'varchar'),
            ('pull_request_id', 'varchar'), ('deployment_id', 'varchar'), ('message_keys', 'varchar'),
            ('committed_at', 'timestamptz'),
        ],
        'incidents': [
            ('incident_id', 'varchar'), ('source_id', 'varchar'), ('native_id', 'varchar'),
            ('incident_key', 'varchar'), ('title', 'varchar'), ('service', 'varchar'), ('severity', 'varchar'),
            ('urgency', 'varchar'), ('status', 'varchar'), ('opened_at', 'timestamptz'),
            ('acknowledged_at', 'timestamptz'), ('resolved_at', 'timestamptz'),
        ],
        'quality_findings': [
            ('finding_id', 'varchar'), ('source_id', 'varchar'), ('native_id', 'varchar'), ('tool', 'varchar'),
            ('project', 'varchar'), ('component', 'varchar'), ('rule', 'varchar'), ('severity', 'varchar'),
            ('raw_severity', 'varchar'), ('finding_type', 'varchar'), ('status', 'varchar'),
            ('resolution', 'varchar'), ('opened_at', 'timestamptz'), ('closed_at', 'timestamptz'),
            ('effort_minutes', 'double'),
        ],
        'missing_items': [
            ('source_id', 'varchar'),
        ],
        'quality_measures': [
            ('source_id', 'varchar'), ('tool', 'varchar'), ('project', 'varchar'), ('metric', 'varchar'),
            ('measured_at', 'timestamptz'), ('value', 'double'),
        ],
    } -%}
    {{- return(columns[part]) -}}
{% endmacro %}

{#- Relations that tell each part, by tool. -#}
{% macro vocabulary_relations(part) %}
    {%- set relations = {
        'items': {
            'github': 'int_github_items_described',
            'azure_devops': 'int_azure_devops_items_described',
            'gitlab': 'int_gitlab_items_described',
            'jira': 'int_jira_items_described',
            'redmine': 'int_redmine_items_described',
            'event_log': 'int_event_log_items_described',
            'servicenow': 'int_servicenow_items_described',
        },
        'changes': {
            'github': 'int_github_changes_identified',
            'azure_devops': 'int_azure_devops_changes_identified',
            'gitlab': 'int_gitlab_changes_identified',
            'jira': 'int_jira_attribute_changes_identified',
            'redmine': 'int_redmine_changes_identified',
            'event_log': 'int_event_log_changes_identified',
            'servicenow': 'int_servicenow_changes_identified',
        },
        'links': {
            'github': 'int_github_links_built',
            'jira': 'int_jira_links_identified',
            'azure_devops': 'int_azure_devops_links_built',
            'gitlab': 'int_gitlab_links_identified',
            'redmine': 'int_redmine_links_identified',
            'servicenow': 'int_servicenow_links_identified',
        },
        'statuses': {
            'github': 'int_github_statuses_listed',
            'azure_devops': 'int_azure_devops_statuses_listed',
            'gitlab': 'int_gitlab_statuses_listed',
            'jira': 'int_jira_statuses_listed',
            'redmine': 'int_redmine_statuses_listed',
            'event_log': 'int_event_log_statuses_listed',
            'servicenow': 'int_servicenow_statuses_listed',
        },
        'iterations': {
            'github': 'stg_github__milestones',
            'jira': 'int_jira_iterations_listed',
            'azure_devops': 'int_azure_devops_iterations_dated',
            'gitlab': 'int_gitlab_iterations_listed',
            'redmine': 'stg_redmine__versions',
            'servicenow': 'int_servicenow_iterations_listed',
        },
        'worklogs': {
            'jira': 'int_jira_worklogs_identified',
            'redmine': 'stg_redmine__time_entries',
        },
        'builds': {
            'github': 'int_github_builds_described',
            'azure_devops': 'stg_azure_devops__builds',
            'gitlab': 'int_gitlab_builds_described',
            'jenkins': 'stg_jenkins__builds',
        },
        'deployments': {
            'github': 'int_github_deployments_described',
            'azure_devops': 'int_azure_devops_deployments_identified',
            'gitlab': 'int_gitlab_deployments_described',
            'jenkins': 'int_jenkins_deployments_matched',
            'delivery_log': 'stg_delivery_log__deployments',
        },
        'pull_requests': {
            'github': 'int_github_pull_requests_described',
            'azure_devops': 'int_azure_devops_pull_requests_described',
            'gitlab': 'int_gitlab_pull_requests_described',
            'delivery_log': 'stg_delivery_log__changes',
        },
        'commits': {
            'github': 'int_github_commits_described',
            'azure_devops': 'int_azure_devops_commits_identified',
            'delivery_log': 'int_delivery_log_commits_listed',
            'gitlab': 'int_gitlab_commits_identified',
            'jenkins': 'int_jenkins_commits_listed',
        },
        'incidents': {
            'opsgenie': 'int_opsgenie_incidents_listed',
            'delivery_log': 'stg_delivery_log__incidents',
            'pagerduty': 'stg_pagerduty__incidents',
            'servicenow': 'int_servicenow_incidents_identified',
        },
        'quality_findings': {
            'github': 'stg_github__alerts',
            'cyclonedx': 'int_cyclonedx_findings_followed',
            'gitlab': 'int_gitlab_findings_described',
            'sarif': 'int_sarif_findings_followed',
            'sonarqube': 'int_sonarqube_findings_listed',
        },
        'quality_measures': {
            'sonarqube': 'stg_sonarqube__measures',
        },
        'missing_items': {
            'azure_devops': 'int_azure_devops_missing_items_listed',
        },
    } -%}
    {{- return(relations[part]) -}}
{% endmacro %}

{#- The tools that tell of work items, as SQL texts in a list. -#}
{% macro tools_keeping_items() %}
    {%- set tools = [] -%}
    {%- for tool in vocabulary_relations('items') -%}
        {%- do tools.append("'" ~ tool ~ "'") -%}
    {%- endfor -%}
    {{- return(tools | join(', ')) -}}
{% endmacro %}

{#-
  Relations of the tools that the portfolio has a source of: the models of the others are not built (WEIR_TOOLS names the
  tools by commas; without it, all are there). While dbt parses, all count, so that its graph is the same everywhere.
-#}
{% macro present_vocabulary_relations(part) %}
    {%- set present = env_var('WEIR_TOOLS', '').split(',') | select | list if execute else [] -%}
    {%- set relations = [] -%}
    {%- for tool, relation in vocabulary_relations(part).items() if not present or tool in present -%}
        {%- do relations.append(relation) -%}
    {%- endfor -%}
    {{- return(relations) -}}
{% endmacro %}

{#- All rows of a part of the vocabulary, with its columns in order; a part that no tool tells is empty. -#}
{% macro vocabulary_union(part) %}
    {%- set columns = vocabulary_columns(part) -%}
    {%- for relation in present_vocabulary_relations(part) %}
    select
        {% for name, _ in columns -%}
        {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref(relation) }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- else %}
    select
        {% for name, type in columns -%}
        cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    where 1 = 0
    {%- endfor %}
{% endmacro %}
